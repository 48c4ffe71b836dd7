#include "satchel/tasks/rle.h"

#include <utility>

namespace satchel {
namespace {

constexpr int kBits = 5;           // of a number in each character
constexpr int kMore = 1 << kBits;  // the bit that says that another character follows
constexpr int kSign = 1 << (kBits - 1);

// Digits of five bits, the lowest first, until only the sign would follow.
void append_number(std::int64_t value, std::string& text) {
    bool more = true;
    while (more) {
        int digit = int(value & (kMore - 1));
        value >>= kBits;
        more = (digit & kSign) != 0 ? value != -1 : value != 0;
        if (more) digit |= kMore;
        text += char(digit + '0');
    }
}

}  // namespace

std::string Rle::text() const {
    std::string text;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        append_number(i > 2 ? counts[i] - counts[i - 2] : counts[i], text);
    }
    return text;
}

Rle RleWriter::finish(int width, int height) && {
    counts_.push_back(run_);
    return {width, height, std::move(counts_)};
}

}  // namespace satchel
