# SPDX-License-Identifier: Apache-2.0
# Warnings, hardening, sanitizers and the faster tools (mold, ccache) for every target of ours.

add_library(sluice_flags INTERFACE)
target_compile_options(sluice_flags INTERFACE
  -Wall -Wextra -Wconversion -Wpedantic -Werror
  -fno-omit-frame-pointer -fstack-protector-strong
  -pthread)  # for all: some libraries ask for it, and precompiled headers want the same for every file
target_include_directories(sluice_flags INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>)

# Files that are compiled together may use the name of each other's private constants for a local. GCC can leave out
# that kind alone; clang looks when ./dev tidy compiles every file by itself.
if(NOT SLUICE_TOGETHER)
  target_compile_options(sluice_flags INTERFACE -Wshadow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sluice_flags INTERFACE -Wshadow=local)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(sluice_flags INTERFACE -Wthread-safety -Wno-missing-designated-field-initializers)
else()
  # GCC 12 reports members left to their defaults in a designated initializer; that is how they are meant to be used.
  # It also sees overlaps inside std::string that cannot be (its bug 105651).
  target_compile_options(sluice_flags INTERFACE -Wno-missing-field-initializers -Wno-restrict)
endif()

if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
else()
  target_compile_options(sluice_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  target_link_options(sluice_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
target_compile_definitions(sluice_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

# Lock-order and leak checking (kernel/sync/lock_order.h). Decided here and not by NDEBUG in the headers, because it
# changes the layout of a lock: a program that uses the installed library must decide the same way.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(SLUICE_SYNC_CHECKS 1)
else()
  set(SLUICE_SYNC_CHECKS 0)
endif()
target_compile_definitions(sluice_flags INTERFACE SLUICE_SYNC_CHECKS=${SLUICE_SYNC_CHECKS})

# Tests that are sanitized are not optimised, whatever the code under test is: half of compiling them would be for code
# that runs once.
set(SLUICE_TEST_OPTIONS)
if(SLUICE_SANITIZE)
  set(SLUICE_TEST_OPTIONS -O0)
endif()

find_program(SLUICE_MOLD mold)
if(SLUICE_MOLD)
  target_link_options(sluice_flags INTERFACE -fuse-ld=mold)
endif()

find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${SLUICE_CCACHE})
endif()
