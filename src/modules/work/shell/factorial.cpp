// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/factorial.h"

#include <gmp.h>

namespace sluice::work {

namespace {

class Integer {
public:
    Integer() { mpz_init(value_); }
    ~Integer() { mpz_clear(value_); }
    Integer(const Integer&) = delete;
    Integer& operator=(const Integer&) = delete;
    mpz_ptr get() { return value_; }

private:
    mpz_t value_;
};

struct Product {
    const CancelToken& cancel;
    const std::function<void(int)>& report;
    std::uint64_t total;
    std::uint64_t done = 0;

    /// out = (low + 1) · … · high. Depth: log2 of the limit on n.
    Status multiply(mpz_ptr out, std::uint64_t low, std::uint64_t high) {
        constexpr std::uint64_t leaf = 256;
        if (high - low <= leaf) {
            mpz_set_ui(out, 1);
            for (std::uint64_t factor = low + 1; factor <= high; ++factor) {
                mpz_mul_ui(out, out, factor);
            }
            done += high - low;
            // The multiplications near the root cost most: count the leaves for less.
            report(static_cast<int>(70 * done / total));
            return cancel.check();
        }
        const std::uint64_t middle = low + (high - low) / 2;
        Integer right;
        SLUICE_TRY_STATUS(multiply(out, low, middle));
        SLUICE_TRY_STATUS(multiply(right.get(), middle, high));
        mpz_mul(out, out, right.get());
        return cancel.check();
    }
};

}  // namespace

Result<std::string> factorial(std::uint64_t n, const CancelToken& cancel,
                              const std::function<void(int)>& report) {
    Integer value;
    mpz_set_ui(value.get(), 1);
    if (n > 1) {
        Product product{cancel, report, n};
        SLUICE_TRY_STATUS(product.multiply(value.get(), 0, n));
    }
    report(80);
    std::string digits(mpz_sizeinbase(value.get(), 10) + 2, '\0');
    mpz_get_str(digits.data(), 10, value.get());
    digits.resize(digits.find('\0'));
    report(100);
    return digits;
}

}  // namespace sluice::work
