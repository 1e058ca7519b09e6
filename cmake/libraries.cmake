# SPDX-License-Identifier: Apache-2.0
# The libraries we stand on, each found once. All are Debian 12 packages (./dev setup installs them).

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(PkgConfig REQUIRED)
if(SLUICE_TESTS)
  find_package(GTest REQUIRED)
endif()

# Boost is used header-only (Asio, Beast, unordered); Asio is compiled once, in kernel/net.
find_path(SLUICE_BOOST_INCLUDE boost/unordered/unordered_flat_map.hpp REQUIRED)
add_library(sluice_boost INTERFACE)
target_include_directories(sluice_boost SYSTEM INTERFACE ${SLUICE_BOOST_INCLUDE})
target_compile_definitions(sluice_boost INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_REGEX
  BOOST_BEAST_SEPARATE_COMPILATION)

find_package(simdjson REQUIRED)
find_package(RocksDB REQUIRED)
