// A few threads that help the callers of a pipeline. Work is handed over in groups; a caller that waits for its group
// does queued work meanwhile, so a pool of one thread (the caller itself) works too.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace satchel {

class ThreadPool {
public:
    // `threads` counts the caller: a pool of n starts n - 1.
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const { return int(workers_.size()) + 1; }

    // Work of one caller. Tasks must not throw.
    class Group {
    public:
        explicit Group(ThreadPool& pool) : pool_(pool) {}
        ~Group() { wait(); }
        Group(const Group&) = delete;
        Group& operator=(const Group&) = delete;

        // Runs `task` on some thread, or at once where there is no other.
        void run(std::function<void()> task);
        // Returns when at most `pending` tasks are left. Does queued work meanwhile.
        void wait(int pending = 0);

    private:
        friend class ThreadPool;
        ThreadPool& pool_;
        int pending_ = 0;  // guarded by the pool's mutex
    };

    // Calls `body(begin, end)` on parts of [0, count), at least `least` each, and waits for all.
    void for_ranges(int count, int least, const std::function<void(int, int)>& body);

private:
    struct Task {
        std::function<void()> work;
        Group* group;
    };

    void work();
    void run_one(std::unique_lock<std::mutex>& lock);
    bool usable() const;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Task> queue_;
    bool stopping_ = false;
    pid_t owner_;
    std::vector<std::thread> workers_;
};

// The pool that every pipeline of this process with as many threads shares; made when first asked for.
std::shared_ptr<ThreadPool> shared_pool(int threads);

}  // namespace satchel
