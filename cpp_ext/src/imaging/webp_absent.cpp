// Stands for webp.cpp where the build found no libwebp.
#include "satchel/imaging/error.h"
#include "satchel/imaging/webp.h"

namespace satchel {
namespace {

[[noreturn]] void refuse() { throw ImagingError(ErrorCode::not_native, "this build has no libwebp"); }

}  // namespace

bool has_webp() { return false; }

WebpFile read_webp_file(Bytes, std::uint64_t) { refuse(); }

std::unique_ptr<RowSource> open_webp(const WebpFile&) { refuse(); }

}  // namespace satchel
