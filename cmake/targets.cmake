# SPDX-License-Identifier: Apache-2.0
# sluice_folder(NAME [OPTIMISED] [LONG] [DEPS targets…] [PRIVATE_DEPS targets…] [TEST_DEPS targets…] [SEPARATE files…])
# One folder is one library: every *.cpp in it, except *_test.cpp, which become the program NAME_test.
# The link list (DEPS) is the same table as the include rules in tools/check_layers. SEPARATE are files that are not
# compiled together with others of the folder (see sluice_together): private names or macros of theirs would clash.
# OPTIMISED folders are so in sanitized builds, too: their tests run long enough to pay for it. LONG is
# that of sluice_test.

function(sluice_folder name)
  cmake_parse_arguments(ARG "OPTIMISED;LONG" "" "DEPS;PRIVATE_DEPS;TEST_DEPS;SEPARATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(ARG_SEPARATE)
    set_source_files_properties(${ARG_SEPARATE} PROPERTIES SLUICE_SEPARATE ON)
  endif()
  if(sources)
    add_library(${name} STATIC ${sources})
    if(ARG_OPTIMISED AND SLUICE_SANITIZE)
      sluice_together(${name})
      target_compile_options(${name} PRIVATE -O1)
    else()
      sluice_together(${name} HEADERS sluice_library_headers)
    endif()
    target_link_libraries(${name} PUBLIC sluice_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE sluice_flags ${ARG_DEPS} ${ARG_PRIVATE_DEPS})
  endif()
  if(SLUICE_TESTS AND tests)
    set(labels unit)
    file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
    if(NOT folder MATCHES "${SLUICE_PURE_FOLDERS}")
      list(APPEND labels threaded)
    endif()
    set(long)
    if(ARG_LONG)
      set(long LONG)
    endif()
    sluice_test(${name}_test ${long} SOURCES ${tests} DEPS ${name} ${ARG_PRIVATE_DEPS} ${ARG_TEST_DEPS} LABELS ${labels})
  endif()
endfunction()

# Folders without threads, the same as PURE in tools/check_layers. The tests of all others are labelled
# "threaded" and built by the target threaded_tests: they are what the thread sanitizer runs.
set(SLUICE_PURE_FOLDERS "^(kernel/(base|algo|wire)|modules/[^/]+/core|modules/jobs/(model|engine)|sdk/protocol)(/|$)")
add_custom_target(threaded_tests)

# Compiles up to eight files of a target as one. Most of what compiling costs is reading the same headers and making the
# same templates again for each file; together it takes about half. A file still has to include what it uses: ./dev tidy
# compiles each by itself, and so does SLUICE_TOGETHER=OFF, which suits one who edits a single file over and over.
# CMake's own UNITY_BUILD names the files by their full paths, so that no two checkouts could share a compiler cache.
function(sluice_together target)
  cmake_parse_arguments(ARG "" "HEADERS" "" ${ARGN})
  if(NOT SLUICE_TOGETHER)
    return()
  endif()
  get_target_property(files ${target} SOURCES)
  set(compiled)
  set(batch)
  set(count 0)
  set(number 0)
  foreach(file IN LISTS files)
    get_filename_component(file ${file} ABSOLUTE)
    get_source_file_property(separate ${file} SLUICE_SEPARATE)
    if(separate OR NOT file MATCHES "\\.cpp$")
      list(APPEND compiled ${file})
      continue()
    endif()
    set(last ${file})
    file(RELATIVE_PATH included ${CMAKE_SOURCE_DIR}/src ${file})
    string(APPEND batch "#include \"${included}\"\n")
    math(EXPR count "${count} + 1")
    if(count EQUAL 8)
      sluice_batch(${target} ${number} "${batch}" compiled)
      math(EXPR number "${number} + 1")
      set(batch)
      set(count 0)
    endif()
  endforeach()
  if(count EQUAL 1)
    list(APPEND compiled ${last})
  elseif(count)
    sluice_batch(${target} ${number} "${batch}" compiled)
  endif()
  set_target_properties(${target} PROPERTIES SOURCES "${compiled}")
  if(ARG_HEADERS)
    sluice_use_precompiled(${target} ${ARG_HEADERS})
  endif()
  # GCC takes the files for headers and warns of types that others could not name; here there are no others.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# Writes the file that includes those of one batch, and appends it to the list that is named.
function(sluice_batch target number includes list)
  set(path ${CMAKE_CURRENT_BINARY_DIR}/together/${target}_${number}.cpp)
  file(CONFIGURE OUTPUT ${path} CONTENT "${includes}" @ONLY)
  set(${list} ${${list}} ${path} PARENT_SCOPE)
endfunction()

# Which tests a plain build makes. Compiling is most of what CI does, so each preset builds what it runs:
#   all        every test
#   sanitized  all but the searches (simulators, interleaving checker), which run optimised
#   optimised  the searches, the programs and the benchmarks; unit tests run with sanitizers
set(SLUICE_BUILD_TESTS all CACHE STRING "Which tests to build: all, sanitized or optimised")

# Targets that only the sanitized, or only the optimised builds make unless they are asked for by name.
function(sluice_sanitized_only)
  if(SLUICE_BUILD_TESTS STREQUAL "optimised")
    set_target_properties(${ARGN} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()
function(sluice_optimised_only)
  if(SLUICE_BUILD_TESTS STREQUAL "sanitized")
    set_target_properties(${ARGN} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()

# sluice_test(NAME SOURCES … DEPS … [LABELS …] [TIMEOUT seconds] [LONG] [SHARDS n]): a GoogleTest program and its ctest entry. Its
# main is that of tests/support, which fails a test that leaves a thread or a task behind. LONG ones are begun first, so
# that no processor waits for the last of them. SHARDS makes n entries that share the tests and run side by side.
function(sluice_test name)
  cmake_parse_arguments(ARG "LONG" "TIMEOUT;SHARDS" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  sluice_together(${name} HEADERS sluice_test_headers)
  target_compile_options(${name} PRIVATE ${SLUICE_TEST_OPTIONS})
  target_link_libraries(${name} PRIVATE sluice_flags ${ARG_DEPS} test_support)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(ARG_SHARDS)
    math(EXPR last "${ARG_SHARDS} - 1")
    foreach(shard RANGE ${last})
      add_test(NAME ${name}_${shard} COMMAND ${name})
      set_tests_properties(${name}_${shard} PROPERTIES
        ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${shard}")
      list(APPEND entries ${name}_${shard})
    endforeach()
  else()
    add_test(NAME ${name} COMMAND ${name})
    set(entries ${name})
  endif()
  set_tests_properties(${entries} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if(ARG_LONG)
    set_tests_properties(${entries} PROPERTIES COST 100)
  endif()
  if("threaded" IN_LIST ARG_LABELS)
    add_dependencies(threaded_tests ${name})
  endif()
  if("sim" IN_LIST ARG_LABELS OR "interleave" IN_LIST ARG_LABELS)
    sluice_optimised_only(${name})
  else()
    sluice_sanitized_only(${name})
  endif()
endfunction()

# sluice_script_test(NAME COMMAND … [LABELS …] [TIMEOUT seconds] [RUN_SERIAL]): any other program as a ctest entry,
# labelled e2e unless told otherwise. The command finds the programs of this build in $SLUICE_BIN; exit code 77 says
# that it cannot run here.
function(sluice_script_test name)
  cmake_parse_arguments(ARG "RUN_SERIAL" "TIMEOUT" "COMMAND;LABELS" ${ARGN})
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS e2e)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77
    RUN_SERIAL "${ARG_RUN_SERIAL}" ENVIRONMENT "SLUICE_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endfunction()
