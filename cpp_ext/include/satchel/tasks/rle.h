// A mask of a whole picture as lengths of runs, column by column: the encoding of the COCO data set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace satchel {

struct Rle {
    int width = 0;
    int height = 0;
    std::vector<std::int64_t> counts;  // pixels outside, inside, outside, ... of the mask

    // The counts as COCO writes them into text: six bits in a character, each count less the one before the last.
    std::string text() const;
};

// Builds the runs of a mask from front to back.
class RleWriter {
public:
    void append(bool inside, std::int64_t count) {
        if (count == 0) return;
        if (inside != inside_) {
            counts_.push_back(run_);
            run_ = 0;
            inside_ = inside;
        }
        run_ += count;
    }

    Rle finish(int width, int height) &&;

private:
    std::vector<std::int64_t> counts_;
    std::int64_t run_ = 0;
    bool inside_ = false;
};

}  // namespace satchel
