# SPDX-License-Identifier: Apache-2.0
# sluice_folder(NAME [DEPS targets…] [PRIVATE_DEPS targets…] [TEST_DEPS targets…] [TEST_DATA dir])
# One folder is one library: every *.cpp in it, except *_test.cpp, which become the program NAME_test.
# The link list (DEPS) is the same table as the include rules in tools/check_layers.

function(sluice_folder name)
  cmake_parse_arguments(ARG "" "" "DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(${name} STATIC ${sources})
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
    sluice_test(${name}_test SOURCES ${tests} DEPS ${name} ${ARG_PRIVATE_DEPS} ${ARG_TEST_DEPS} LABELS ${labels})
  endif()
endfunction()

# Folders without threads, the same as PURE in tools/check_layers. The tests of all others are labelled
# "threaded" and built by the target threaded_tests: they are what the thread sanitizer runs.
set(SLUICE_PURE_FOLDERS "^(kernel/(base|algo|wire)|modules/[^/]+/core|modules/jobs/(model|engine)|sdk/protocol)(/|$)")
add_custom_target(threaded_tests)

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

# sluice_test(NAME SOURCES … DEPS … [LABELS …] [TIMEOUT seconds]): a GoogleTest program and its ctest entry. Its main is
# that of tests/support, which fails a test that leaves a thread or a task behind.
function(sluice_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  # Compiling tests is most of what CI does, and half of that is optimising code that runs once. The code under test is
  # optimised all the same.
  if(SLUICE_SANITIZE)
    set(tests ${ARG_SOURCES})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    set_source_files_properties(${tests} PROPERTIES COMPILE_OPTIONS -O0)
  endif()
  target_link_libraries(${name} PRIVATE sluice_flags ${ARG_DEPS} test_support)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
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
