#include "satchel/imaging/jpeg.h"

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include <algorithm>
#include <vector>

#include "row_colors.h"
#include "satchel/imaging/error.h"
#include "satchel/imaging/image.h"

#ifndef LIBJPEG_TURBO_VERSION
#error "libjpeg-turbo is needed: other libjpegs give other pixels than the reference"
#endif

namespace satchel {
namespace {

#define SATCHEL_TEXT(x) #x
#define SATCHEL_VALUE(x) SATCHEL_TEXT(x)

enum class Outcome { done, truncated, broken };

// Everything libjpeg touches. It leaves an error by longjmp, so the functions that call it hold nothing that would
// need a destructor, and this struct is destroyed by its owner.
struct Decoder {
    jpeg_decompress_struct info;
    jpeg_error_mgr errors;
    jpeg_source_mgr source;
    std::jmp_buf escape;
};

Decoder* decoder_of(j_common_ptr info) { return static_cast<Decoder*>(info->client_data); }

[[noreturn]] void leave(j_common_ptr info) { std::longjmp(decoder_of(info)->escape, 1); }
void keep_silent(j_common_ptr) {}
void do_nothing(j_decompress_ptr) {}

// All bytes are there from the start: asking for more means that the file is truncated, and libjpeg then suspends.
boolean no_more(j_decompress_ptr) { return FALSE; }

void skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    const std::size_t skipped = std::min(std::size_t(count), info->src->bytes_in_buffer);
    info->src->next_input_byte += skipped;
    info->src->bytes_in_buffer -= skipped;
}

// False where libjpeg cannot even begin.
bool create(Decoder& d, Bytes data) {
    d.info.err = jpeg_std_error(&d.errors);
    d.errors.error_exit = leave;
    d.errors.output_message = keep_silent;
    d.info.client_data = &d;
    if (setjmp(d.escape)) return false;
    jpeg_create_decompress(&d.info);
    d.source.init_source = do_nothing;
    d.source.fill_input_buffer = no_more;
    d.source.skip_input_data = skip;
    d.source.resync_to_restart = jpeg_resync_to_restart;
    d.source.term_source = do_nothing;
    d.source.next_input_byte = data.data();
    d.source.bytes_in_buffer = data.size();
    d.info.src = &d.source;
    return true;
}

Outcome start(Decoder& d, const JpegHeader& header, int scale) {
    if (setjmp(d.escape)) return Outcome::broken;
    int found = JPEG_SUSPENDED;
    do {
        found = jpeg_read_header(&d.info, FALSE);
    } while (found == JPEG_HEADER_TABLES_ONLY);
    if (found == JPEG_SUSPENDED) return Outcome::truncated;
    d.info.out_color_space = header.components == 1 ? JCS_GRAYSCALE : header.components == 3 ? JCS_RGB : JCS_CMYK;
    d.info.scale_num = 1;
    d.info.scale_denom = unsigned(scale);
    return jpeg_start_decompress(&d.info) ? Outcome::done : Outcome::truncated;
}

// `got` tells how many of `count` rows were read.
Outcome read_rows(Decoder& d, JSAMPROW* rows, JDIMENSION count, JDIMENSION& got) {
    if (setjmp(d.escape)) return Outcome::broken;
    got = jpeg_read_scanlines(&d.info, rows, count);
    return got > 0 ? Outcome::done : Outcome::truncated;
}

Outcome end(Decoder& d) {
    if (setjmp(d.escape)) return Outcome::broken;
    jpeg_finish_decompress(&d.info);  // all rows are there: a missing end mark is no damage
    return Outcome::done;
}

class JpegRows final : public RowSource {
public:
    JpegRows(Bytes data, const JpegHeader& header, int scale) : d_(std::make_unique<Decoder>()) {
        *d_ = {};
        if (!create(*d_, data)) throw_damaged("JPEG", "libjpeg cannot start");
        owned_.d = d_.get();
        check(start(*d_, header, scale));
        width_ = (header.width + scale - 1) / scale;
        height_ = (header.height + scale - 1) / scale;
        if (int(d_->info.output_width) != width_ || int(d_->info.output_height) != height_ ||
            d_->info.output_components != header.components) {
            throw_damaged("JPEG", "frame headers that contradict each other");
        }
        inks_ = header.components == 4;
        channels_ = header.components == 1 ? 1 : 3;
        if (inks_) ink_rows_ = Buffer(std::size_t(width_) * 4);
    }

    void read(int count, std::uint8_t* out, std::size_t stride) override {
        if (inks_) {
            for (int i = 0; i < count; ++i) {
                JSAMPROW row = ink_rows_.data();
                read_all(&row, 1);
                inverted_inks_to_rgb(row, out + std::size_t(i) * stride, width_);
            }
            return;
        }
        rows_.resize(std::size_t(count));
        for (int i = 0; i < count; ++i) rows_[std::size_t(i)] = out + std::size_t(i) * stride;
        read_all(rows_.data(), JDIMENSION(count));
    }

    void finish() override { check(end(*d_)); }

private:
    struct Owned {
        Decoder* d = nullptr;
        Owned() = default;
        Owned(const Owned&) = delete;
        Owned& operator=(const Owned&) = delete;
        ~Owned() {
            if (d != nullptr) jpeg_destroy_decompress(&d->info);
        }
    };

    void read_all(JSAMPROW* rows, JDIMENSION count) {
        for (JDIMENSION got = 0; count > 0; rows += got, count -= got) check(read_rows(*d_, rows, count, got));
    }

    static void check(Outcome outcome) {
        if (outcome == Outcome::truncated) throw_damaged("JPEG", "image file is truncated");
        if (outcome == Outcome::broken) throw_damaged("JPEG", "broken data stream when reading image file");
    }

    std::unique_ptr<Decoder> d_;
    Owned owned_;  // destroyed before `d_`, also when the constructor throws
    std::vector<JSAMPROW> rows_;
    Buffer ink_rows_;
    bool inks_ = false;
};

}  // namespace

const char* libjpeg_version() { return SATCHEL_VALUE(LIBJPEG_TURBO_VERSION); }

std::unique_ptr<RowSource> open_jpeg(Bytes data, const JpegHeader& header, int scale) {
    if (!header.has_scan) throw_damaged("JPEG", "no scan");
    if (header.lossless) {
        throw ImagingError(ErrorCode::not_native, "lossless JPEG is left to the reference decoder");
    }
    return std::make_unique<JpegRows>(data, header, scale);
}

}  // namespace satchel
