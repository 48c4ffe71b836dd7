// predict BUNDLE IMAGE... [--threads N]: the answer for each picture as one line of JSON, as `satchel predict --json`
// prints it. A picture that cannot be read is reported and the others go on; the exit code is then 1.
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <satchel/predictor/predictor.h>

namespace {

constexpr const char* kUsage = "usage: predict BUNDLE IMAGE... [--threads N]";
constexpr int kMostThreads = 1024;

struct Arguments {
    std::string bundle;
    std::vector<std::string> images;
    satchel::PredictorOptions options;
};

bool read_threads(std::string_view text, int& threads) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), threads);
    return problem == std::errc() && end == text.data() + text.size() && threads >= 1 && threads <= kMostThreads;
}

// Nothing where they cannot be understood.
std::optional<Arguments> parse(const std::vector<std::string>& words) {
    Arguments arguments;
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] != "--threads") {
            paths.push_back(words[i]);
        } else if (++i == words.size() || !read_threads(words[i], arguments.options.threads)) {
            return std::nullopt;
        }
    }
    if (paths.size() < 2) return std::nullopt;
    arguments.bundle = paths.front();
    arguments.images.assign(paths.begin() + 1, paths.end());
    return arguments;
}

[[noreturn]] void throw_unreadable(const std::error_code& problem) {
    throw satchel::ImageError("the file cannot be read", {.got = problem.message(), .remedy = "correct the path"});
}

std::vector<std::uint8_t> read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw_unreadable({errno, std::generic_category()});
    try {
        return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    } catch (const std::ios_base::failure& error) {  // a directory
        throw_unreadable(error.code());
    }
}

bool predict(const satchel::Predictor& predictor, const std::string& path) {
    try {
        std::cout << satchel::to_json(predictor.predict(read_file(path)), path) << std::endl;
        return true;
    } catch (const satchel::SatchelError& error) {
        std::cerr << "error: " << path << ": " << error.what() << '\n';
        return false;
    }
}

int run(const Arguments& arguments) {
    const satchel::Predictor predictor(arguments.bundle, arguments.options);
    bool all_read = true;
    for (const std::string& path : arguments.images) all_read = predict(predictor, path) && all_read;
    return all_read ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
    try {
        const std::optional<Arguments> arguments = parse({words + 1, words + count});
        if (arguments) return run(*arguments);
        std::cerr << kUsage << '\n';
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << '\n';
    }
    return 1;
}
