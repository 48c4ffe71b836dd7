// The pool under many callers. Built with -fsanitize=thread it must stay silent.
#include <atomic>
#include <thread>
#include <vector>

#include "check.h"
#include "satchel/imaging/thread_pool.h"

using namespace satchel;

namespace {

void ranges_cover_everything_once(int threads) {
    ThreadPool pool(threads);
    for (const int count : {0, 1, 2, 7, 100, 1000}) {
        std::vector<int> seen(std::size_t(count), 0);
        pool.for_ranges(count, 3, [&](int begin, int end) {
            for (int i = begin; i < end; ++i) ++seen[std::size_t(i)];
        });
        for (const int times : seen) CHECK(times == 1);
    }
}

void use(ThreadPool& pool) {
    for (int round = 0; round < 200; ++round) {
        std::atomic<int> done{0};
        std::vector<int> results(8, 0);
        ThreadPool::Group group(pool);
        for (int task = 0; task < 8; ++task) {
            group.wait(3);
            group.run([&results, &done, task] {
                results[std::size_t(task)] = task;
                ++done;
            });
        }
        group.wait();
        int sum = 0;
        for (const int result : results) sum += result;
        CHECK(done == 8 && sum == 28);
    }
}

void callers_do_not_disturb_each_other(int threads) {
    ThreadPool pool(threads);
    std::vector<std::thread> callers;
    callers.reserve(6);
    for (int caller = 0; caller < 6; ++caller) callers.emplace_back([&pool] { use(pool); });
    for (std::thread& caller : callers) caller.join();
}

}  // namespace

int main() {
    for (const int threads : {1, 2, 4}) {
        ranges_cover_everything_once(threads);
        callers_do_not_disturb_each_other(threads);
    }
    CHECK(shared_pool(2)->threads() == 2);
    const auto one = shared_pool(3);
    CHECK(shared_pool(3) == one);
}
