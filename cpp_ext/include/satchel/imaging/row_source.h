// Where pixels come from, row by row: a decoder, or something that wraps one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace satchel {

class RowSource {
public:
    virtual ~RowSource() = default;
    RowSource(const RowSource&) = delete;
    RowSource& operator=(const RowSource&) = delete;

    int width() const { return width_; }
    int height() const { return height_; }
    // 1 or 3. A picture whose three channels are always equal has 1.
    int channels() const { return channels_; }

    // Writes the next `count` rows to `out`, `stride` bytes apart. Throws ImagingError where the file is damaged.
    virtual void read(int count, std::uint8_t* out, std::size_t stride) = 0;

    // After the last row: checks what the reference checks behind the pixels.
    virtual void finish() = 0;

protected:
    RowSource() = default;
    int width_ = 0;
    int height_ = 0;
    int channels_ = 0;
};

}  // namespace satchel
