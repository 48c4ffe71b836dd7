#include "satchel/imaging/webp.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <cstring>
#include <string>

#include "row_colors.h"
#include "satchel/imaging/error.h"
#include "satchel/imaging/image.h"

namespace satchel {
namespace {

// The reference refuses a canvas beyond this before it looks any further, whatever the caller's cap: Pillow allocates
// it on opening. Source: Pillow's Image.py (twice MAX_IMAGE_PIXELS).
constexpr std::uint64_t kMostPixels = 2 * std::uint64_t{1024 * 1024 * 1024 / 4 / 3};

struct Canvas {
    std::uint64_t width = 0;
    std::uint64_t height = 0;
};

std::uint32_t read_le24(Bytes data, std::size_t at) { return read_le16(data, at) | std::uint32_t{data[at + 2]} << 16; }

// Size of the canvas by the first chunk; nothing where that chunk is cut off or damaged. Source: the WebP container
// specification and RFC 6386 section 9.1, as read by Pillow's WebPImagePlugin.py.
Canvas first_size(Bytes data) {
    const Bytes chunk = data.subspan(12);
    if (starts_with(chunk, "VP8 ") && data.size() >= 30 && starts_with(data.subspan(23), "\x9d\x01\x2a")) {
        return {read_le16(data, 26) & 0x3FFF, read_le16(data, 28) & 0x3FFF};
    }
    if (starts_with(chunk, "VP8X") && data.size() >= 30) {
        return {std::uint64_t{read_le24(data, 24)} + 1, std::uint64_t{read_le24(data, 27)} + 1};
    }
    if (starts_with(chunk, "VP8L") && data.size() >= 25 && data[20] == 0x2F) {
        const std::uint32_t bits = read_le32(data, 21);
        return {(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1};
    }
    return {};
}

void check_canvas(Bytes data, std::uint64_t max_pixels) {
    const Bytes chunk = data.subspan(12);
    if (!starts_with(chunk, "VP8 ") && !starts_with(chunk, "VP8X") && !starts_with(chunk, "VP8L")) {
        throw_damaged("WebP", "not a WEBP file");
    }
    const Canvas canvas = first_size(data);
    const std::uint64_t pixels = canvas.width * canvas.height;
    if (pixels > kMostPixels) {
        throw ImagingError(ErrorCode::too_many_pixels, "the image has too many pixels",
                           "Image size (" + std::to_string(pixels) + " pixels) exceeds limit of " +
                               std::to_string(kMostPixels) + " pixels, could be decompression bomb DOS attack.",
                           "at most " + std::to_string(max_pixels));
    }
}

struct DeleteDemuxer {
    void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};

class WebpRows final : public RowSource {
public:
    explicit WebpRows(const WebpFile& file) : file_(file) {
        width_ = int(file.width);
        height_ = int(file.height);
        channels_ = 3;
    }

    void read(int count, std::uint8_t* out, std::size_t stride) override {
        if (pixels_.size() == 0) decode();
        for (int i = 0; i < count; ++i, out += stride, ++y_) write_row(out);
    }

    void finish() override {}

private:
    std::size_t frame_stride() const { return std::size_t(file_.frame_width) * 4; }

    // To RGBA without a look at whether the file has alpha, as the reference does, so that the same damage is found.
    void decode() {
        WebPDecoderConfig config;
        if (file_.frame.empty() || WebPInitDecoderConfig(&config) == 0) throw_damaged("WebP", "no pixels");
        pixels_ = Buffer(frame_stride() * std::size_t(file_.frame_height));
        config.output.colorspace = MODE_RGBA;
        config.output.is_external_memory = 1;
        config.output.u.RGBA = {pixels_.data(), int(frame_stride()), pixels_.size()};
        if (WebPDecode(file_.frame.data(), file_.frame.size(), &config) != VP8_STATUS_OK) {
            throw_damaged("WebP", "failed to read next frame");
        }
    }

    void write_row(std::uint8_t* out) {
        const int row = y_ - file_.top;
        const bool seen = row >= 0 && row < file_.frame_height;
        if (!seen || file_.frame_width < width_) {
            // What the first frame of an animation leaves free is transparent; black where the file has no alpha.
            std::memset(out, file_.has_alpha ? 255 : 0, std::size_t(width_) * 3);
        }
        if (!seen) return;
        const std::uint8_t* from = pixels_.data() + std::size_t(row) * frame_stride();
        out += std::size_t(file_.left) * 3;
        if (file_.has_alpha) {
            rgba_over_white(from, out, file_.frame_width);
        } else {
            for (int x = 0; x < file_.frame_width; ++x, from += 4, out += 3) std::memcpy(out, from, 3);
        }
    }

    WebpFile file_;
    Buffer pixels_;
    int y_ = 0;
};

}  // namespace

bool has_webp() { return true; }

WebpFile read_webp_file(Bytes data, std::uint64_t max_pixels) {
    check_canvas(data, max_pixels);
    const WebPData bytes{data.data(), data.size()};
    const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemux(&bytes));
    // The demuxer passes some files that the decoder does not: libwebp's WebPAnimDecoder asks both, as here.
    WebPBitstreamFeatures features;
    if (!demuxer || WebPGetFeatures(data.data(), data.size(), &features) != VP8_STATUS_OK) {
        throw_damaged("WebP", "could not create decoder object");
    }
    WebpFile file;
    file.width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
    file.height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
    file.has_alpha = features.has_alpha != 0;
    WebPChunkIterator chunk;
    if (WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk) != 0) file.exif = {chunk.chunk.bytes, chunk.chunk.size};
    WebPDemuxReleaseChunkIterator(&chunk);
    WebPIterator frame;
    if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) != 0) {
        file.frame = {frame.fragment.bytes, frame.fragment.size};
        file.left = frame.x_offset;
        file.top = frame.y_offset;
        file.frame_width = frame.width;
        file.frame_height = frame.height;
    }
    WebPDemuxReleaseIterator(&frame);
    return file;
}

std::unique_ptr<RowSource> open_webp(const WebpFile& file) { return std::make_unique<WebpRows>(file); }

}  // namespace satchel
