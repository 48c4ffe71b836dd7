#include "satchel/imaging/thread_pool.h"

#include <unistd.h>

#include <algorithm>
#include <map>

namespace satchel {

ThreadPool::ThreadPool(int threads) : owner_(getpid()) {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
    if (!usable()) {  // a forked child has no such threads, and must not wait for them
        for (std::thread& worker : workers_) worker.detach();
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

bool ThreadPool::usable() const { return workers_.empty() || owner_ == getpid(); }

void ThreadPool::run_one(std::unique_lock<std::mutex>& lock) {
    Task task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task.work();
    lock.lock();
    --task.group->pending_;
    changed_.notify_all();
}

void ThreadPool::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        run_one(lock);
    }
}

void ThreadPool::Group::run(std::function<void()> task) {
    if (pool_.workers_.empty() || !pool_.usable()) {
        task();
        return;
    }
    {
        const std::lock_guard lock(pool_.mutex_);
        ++pending_;
        pool_.queue_.push_back({std::move(task), this});
    }
    pool_.changed_.notify_one();
}

void ThreadPool::Group::wait(int pending) {
    if (pool_.workers_.empty() || !pool_.usable()) return;
    std::unique_lock lock(pool_.mutex_);
    while (pending_ > pending) {
        if (pool_.queue_.empty()) {
            pool_.changed_.wait(lock);
        } else {
            pool_.run_one(lock);
        }
    }
}

void ThreadPool::for_ranges(int count, int least, const std::function<void(int, int)>& body) {
    const int parts = std::clamp(count / std::max(1, least), 1, threads());
    Group group(*this);
    for (int part = 1; part < parts; ++part) {
        const int begin = int(std::int64_t(count) * part / parts);
        const int end = int(std::int64_t(count) * (part + 1) / parts);
        group.run([&body, begin, end] { body(begin, end); });
    }
    body(0, count / parts);
    group.wait();
}

std::shared_ptr<ThreadPool> shared_pool(int threads) {
    struct Shared {
        std::mutex mutex;
        std::map<std::pair<pid_t, int>, std::weak_ptr<ThreadPool>> pools;
    };
    static Shared shared;
    const std::lock_guard lock(shared.mutex);
    auto& slot = shared.pools[{getpid(), threads}];
    auto pool = slot.lock();
    if (!pool) {
        pool = std::make_shared<ThreadPool>(threads);
        slot = pool;
    }
    return pool;
}

}  // namespace satchel
