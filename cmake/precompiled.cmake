# SPDX-License-Identifier: Apache-2.0
# Headers that nearly every file reads, read once for all (part of SLUICE_TOGETHER, see cmake/targets.cmake). Only those
# of the standard library and GoogleTest: ours change, and the heavy ones of other libraries are read in few files. A
# file still includes what it uses: ./dev tidy compiles without any of this. Only for clang: GCC 12 gains less, as it
# optimises, and sees overlaps and overflows inside std::string that are not there once that is precompiled.

set(SLUICE_COMMON_HEADERS
  algorithm array atomic charconv chrono cmath cstdint fstream functional map memory optional set span sstream
  string string_view unordered_map utility variant vector)

# sluice_precompiled(NAME POSITION -fPIC|-fPIE [OPTIONS …] [DEPS targets…] HEADERS …): a library of nothing but
# precompiled headers. A compiler takes them only for files with the same options, so libraries, programs and tests have
# one each.
function(sluice_precompiled name)
  cmake_parse_arguments(ARG "" "POSITION" "OPTIONS;DEPS;HEADERS" ${ARGN})
  set(empty ${CMAKE_CURRENT_BINARY_DIR}/precompiled/${name}.cpp)
  file(CONFIGURE OUTPUT ${empty} CONTENT "// Nothing: ${name} has headers only.\n")
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${empty})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_link_libraries(${name} PRIVATE sluice_flags ${ARG_DEPS})
  target_compile_options(${name} PRIVATE ${ARG_POSITION} ${ARG_OPTIONS} "SHELL:-Xclang -fno-pch-timestamp")
  list(TRANSFORM ARG_HEADERS REPLACE ".+" "<\\0>")
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
  sluice_checksum(${name} ${ARG_HEADERS})
endfunction()

# Beside what is precompiled, the checksum of its headers as the compiler reads them: ccache takes that for the contents
# (CCACHE_PCH_EXTSUM), which contain the path of the checkout.
function(sluice_checksum name)
  list(TRANSFORM ARGN REPLACE ".+" "#include \\0")
  list(JOIN ARGN "\n" text)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.dir)
  file(CONFIGURE OUTPUT ${folder}/checksum.hpp CONTENT "${text}\n")
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -P -E ${folder}/checksum.hpp
    OUTPUT_VARIABLE contents COMMAND_ERROR_IS_FATAL ANY)
  string(SHA256 sum "${contents}")
  file(CONFIGURE OUTPUT ${folder}/cmake_pch.hxx.pch.sum CONTENT "${sum}\n")
endfunction()

# sluice_use_precompiled(TARGET HEADERS): by -include and not by REUSE_FROM, whose options name full paths that ccache
# does not shorten.
function(sluice_use_precompiled target headers)
  if(NOT TARGET ${headers})
    return()
  endif()
  set(header ${CMAKE_BINARY_DIR}/CMakeFiles/${headers}.dir/cmake_pch.hxx)
  target_compile_options(${target} PRIVATE "SHELL:-include ${header}" -Winvalid-pch)
  get_target_property(sources ${target} SOURCES)
  set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${header}.pch)
endfunction()

if(SLUICE_TOGETHER AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  sluice_precompiled(sluice_library_headers POSITION -fPIC HEADERS ${SLUICE_COMMON_HEADERS})
  sluice_precompiled(sluice_program_headers POSITION -fPIE HEADERS ${SLUICE_COMMON_HEADERS})
  if(SLUICE_TESTS)
    sluice_precompiled(sluice_test_headers POSITION -fPIE OPTIONS ${SLUICE_TEST_OPTIONS} DEPS GTest::gtest
      HEADERS ${SLUICE_COMMON_HEADERS} gtest/gtest.h)
  endif()
endif()
