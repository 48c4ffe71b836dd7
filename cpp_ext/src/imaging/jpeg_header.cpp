#include "satchel/imaging/jpeg_header.h"

#include <algorithm>
#include <string>

#include "satchel/imaging/error.h"

namespace satchel {
namespace {

[[noreturn]] void damaged(const std::string& reason) { throw_damaged("JPEG", reason); }

// Reads forward; a read beyond the end is damage.
class Cursor {
public:
    explicit Cursor(Bytes data) : data_(data) {}

    bool at_end() const { return at_ >= data_.size(); }
    std::uint8_t next() { return data_[at_++]; }

    // The payload of the marker segment that begins here.
    Bytes segment() {
        if (data_.size() - at_ < 2) damaged("truncated marker segment");
        const std::size_t declared = read_be16(data_, at_);
        at_ += 2;
        const std::size_t length = declared < 2 ? 0 : declared - 2;
        if (data_.size() - at_ < length) damaged("truncated marker segment");
        const Bytes payload = data_.subspan(at_, length);
        at_ += length;
        return payload;
    }

private:
    Bytes data_;
    std::size_t at_ = 0;
};

class HeaderReader {
public:
    // Returns true at the start of the first scan.
    bool take(std::uint8_t marker, Cursor& cursor) {
        if (marker >= 0xE0 && marker <= 0xEF) {
            application(marker, cursor.segment());
        } else if (marker == 0xDB) {
            quantization(cursor.segment());
        } else if (is_frame(marker)) {
            frame(marker, cursor.segment());
        } else if (has_payload(marker)) {
            cursor.segment();
        } else if (marker < 0xC0) {
            damaged("no marker found");
        }
        return marker == 0xDA;
    }

    JpegHeader header;

private:
    static bool is_frame(std::uint8_t marker) {
        const bool others = marker == 0xC4 || marker == 0xC8 || marker == 0xCC;
        return (marker >= 0xC0 && marker <= 0xCF && !others) || marker == 0xDE;
    }

    static bool has_payload(std::uint8_t marker) {
        switch (marker) {
            case 0xC4:
            case 0xCC:
            case 0xDA:
            case 0xDC:
            case 0xDD:
            case 0xDF:
            case 0xFE: return true;
            default: return false;
        }
    }

    void application(std::uint8_t marker, Bytes body) {
        if (marker == 0xE0 && starts_with(body, "JFIF")) {
            if (body.size() < 7) damaged("truncated JFIF segment");
        } else if (marker == 0xE1 && starts_with(body, "Exif\0\0")) {
            const Bytes added = header.exif.empty() ? body : body.subspan(6);
            header.exif.insert(header.exif.end(), added.begin(), added.end());
        } else if (marker == 0xE2 && starts_with(body, "ICC_PROFILE\0")) {
            if (profile_parts_++ == 0 || body.size() < shortest_part_) shortest_part_ = body.size();
        } else if (marker == 0xEE && starts_with(body, "Adobe")) {
            if (body.size() < 7) damaged("truncated Adobe segment");
        }
    }

    static void quantization(Bytes body) {
        while (!body.empty()) {
            const std::size_t length = body[0] / 16 == 0 ? 65 : 129;
            if (body.size() < length) damaged("bad quantization table marker");
            body = body.subspan(length);
        }
    }

    void frame(std::uint8_t marker, Bytes body) {
        if (body.size() < 6) damaged("truncated frame header");
        header.height = int(read_be16(body, 1));
        header.width = int(read_be16(body, 3));
        if (body[0] != 8) damaged("cannot handle " + std::to_string(body[0]) + "-bit layers");
        header.components = body[5];
        if (header.components != 1 && header.components != 3 && header.components != 4) {
            damaged("cannot handle " + std::to_string(body[5]) + "-layer images");
        }
        header.lossless = marker == 0xC3 || marker == 0xC7 || marker == 0xCB || marker == 0xCF;
        if (profile_parts_ > 0 && shortest_part_ < 14) damaged("truncated colour profile");
        profile_parts_ = 0;
        if ((body.size() - 6) % 3 != 0) damaged("truncated frame header");
    }

    std::size_t profile_parts_ = 0;
    std::size_t shortest_part_ = 0;
};

std::size_t count_scans(Bytes data) {
    std::size_t count = 0;
    auto at = data.begin();
    while ((at = std::find(at, data.end(), 0xFF)) != data.end()) {
        ++at;
        if (at != data.end() && *at == 0xDA) ++count;
    }
    return count;
}

}  // namespace

void check_scans(Bytes data) {
    if (count_scans(data) > kMaxScans) damaged("more than " + std::to_string(kMaxScans) + " scans");
}

JpegHeader read_jpeg_header(Bytes data) {
    Cursor cursor(data.subspan(2));  // what follows SOI
    HeaderReader reader;
    while (!reader.header.has_scan && !cursor.at_end()) {
        if (cursor.next() != 0xFF) continue;  // junk between segments
        std::uint8_t marker = 0xFF;
        while (marker == 0xFF && !cursor.at_end()) marker = cursor.next();  // padding
        if (marker == 0xFF) break;
        if (marker != 0x00) reader.header.has_scan = reader.take(marker, cursor);
    }
    if (reader.header.components == 0) damaged("no frame header before the first scan");
    if (reader.header.width == 0 || reader.header.height == 0) damaged("a side of 0 pixels");
    return std::move(reader.header);
}

}  // namespace satchel
