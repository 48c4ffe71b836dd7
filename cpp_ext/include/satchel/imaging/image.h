// An 8-bit image in memory: rows of interleaved channels, without gaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

namespace satchel {

// Vector kernels read this far beyond the last pixel they use (and multiply what they find there by zero), so every
// buffer that holds pixels has as many readable bytes behind its end.
inline constexpr std::size_t kReadSlack = 64;

inline constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

// Pixel memory: aligned, not zeroed, with the slack that kernels need.
class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t size)
        : data_(static_cast<std::uint8_t*>(::operator new(size + kReadSlack, std::align_val_t{kAlignment}))),
          size_(size) {}

    std::uint8_t* data() { return data_.get(); }
    const std::uint8_t* data() const { return data_.get(); }
    std::size_t size() const { return size_; }

private:
    struct Free {
        void operator()(std::uint8_t* data) const { ::operator delete(data, std::align_val_t{kAlignment}); }
    };
    std::unique_ptr<std::uint8_t, Free> data_;
    std::size_t size_ = 0;
};

// Someone else's 8-bit pixels, interleaved, in rows `stride` bytes apart.
struct PixelView {
    const std::uint8_t* data = nullptr;
    int width = 0;
    int height = 0;
    int channels = 3;  // 1 or 3
    std::size_t stride = 0;
    bool bgr = false;  // of three channels, the first is blue
};

class Image {
public:
    Image() = default;
    Image(int width, int height, int channels)
        : pixels_(std::size_t(width) * std::size_t(height) * std::size_t(channels)),
          width_(width),
          height_(height),
          channels_(channels) {}

    int width() const { return width_; }
    int height() const { return height_; }
    int channels() const { return channels_; }
    std::size_t stride() const { return std::size_t(width_) * std::size_t(channels_); }
    std::uint8_t* row(int y) { return pixels_.data() + std::size_t(y) * stride(); }
    const std::uint8_t* row(int y) const { return pixels_.data() + std::size_t(y) * stride(); }
    void copy_row(int y, std::uint8_t* out) const { std::memcpy(out, row(y), stride()); }

private:
    Buffer pixels_;
    int width_ = 0;
    int height_ = 0;
    int channels_ = 0;
};

}  // namespace satchel
