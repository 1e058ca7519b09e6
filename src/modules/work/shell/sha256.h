// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a stream: the digest that results give.
#pragma once

#include "modules/work/shell/digest.h"

namespace sluice::work {

/// Single owner.
class Sha256 : public Digest {
public:
    Sha256() : Digest(DigestKind::sha256) {}
};

}  // namespace sluice::work
