#include <cstdio>

#include <satchel/imaging/error.h>
#include <satchel/imaging/pipeline.h>

int main() {
    const satchel::Pipeline pipeline({{}, {satchel::Resize{8, 8}}, {}});
    try {
        pipeline.run({});
    } catch (const satchel::ImagingError& error) {
        std::printf("%s: %s\n", satchel::to_string(error.code()), error.what());
        return error.code() == satchel::ErrorCode::empty ? 0 : 1;
    }
    return 1;
}
