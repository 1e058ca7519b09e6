// SPDX-License-Identifier: Apache-2.0
// The non-template part of Asio, compiled once for the whole program.
#include <boost/asio/impl/src.hpp>
