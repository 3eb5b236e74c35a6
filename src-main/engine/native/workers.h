// Threads and memory that all kernels share.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>
#include "processor.h"

namespace native {

/** Waits for a moment, awake, until `ready`: to sleep and be woken takes longer than most of these waits. Other threads
 * that need the core get it. */
template <class Ready>
void awaitAwake(const Ready& ready) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  do {
    for (int turn = 0; turn < 16; turn++) {
      if (ready())
        return;
      rest();
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
}

/** A caller works on its own tasks, and idle workers help whoever has some. */
class Workers {
 public:
  static Workers& shared() {
    static Workers* workers = new Workers();  // never destroyed: its threads may outlive static destruction
    return *workers;
  }
  long threads() const { return workers_ + 1; }

  /** Runs body(0) to body(count - 1), each once, on as many threads as are free. */
  void forEach(long count, const std::function<void(long)>& body) {
    Job job{count, body};
    if (count > 1) {
      std::lock_guard<std::mutex> lock(mutex_);
      jobs_.push_back(&job);
      open_++;
      awake_.notify_all();
    }
    work(job);
    if (count <= 1)
      return;
    std::unique_lock<std::mutex> lock(mutex_);
    jobs_.erase(std::find(jobs_.begin(), jobs_.end(), &job));
    lock.unlock();
    awaitAwake([&] { return job.helpers == 0; });
    lock.lock();
    finished_.wait(lock, [&] { return job.helpers == 0; });
  }

 private:
  struct Job {
    const long count;
    const std::function<void(long)>& body;
    std::atomic<long> next{0}, helpers{0};
    Job(long count, const std::function<void(long)>& body) : count(count), body(body) {}
  };

  Workers() {
    const char* chosen = std::getenv("TF_NUM_INTRAOP_THREADS");
    const long wanted = chosen ? std::atol(chosen) : 0;
    workers_ = (wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency())) - 1;
    for (long index = 0; index < workers_; index++)
      std::thread([this] { serve(); }).detach();
  }

  /** Does tasks of a job until none is left. */
  void work(Job& job) {
    for (long index; (index = job.next.fetch_add(1)) < job.count;) {
      if (index > 0 && index == job.count - 1)
        open_--;
      job.body(index);
    }
  }

  void serve() {
    for (;;) {
      awaitAwake([&] { return open_ > 0; });
      Job* job = nullptr;
      std::unique_lock<std::mutex> lock(mutex_);
      awake_.wait(lock, [&] {
        for (Job* each : jobs_)
          if (each->next < each->count) {
            job = each;
            return true;
          }
        return false;
      });
      job->helpers++;
      lock.unlock();
      work(*job);
      lock.lock();
      if (--job->helpers == 0)
        finished_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable awake_, finished_;
  std::vector<Job*> jobs_;
  std::atomic<long> open_{0};  // jobs with tasks that nobody has taken
  long workers_;
};

/** Memory that is kept between steps: fresh pages would have to be cleared each time. */
class Scratch {
 public:
  explicit Scratch(long floats) {
    std::lock_guard<std::mutex> lock(mutex());
    auto& kept = pool();
    auto best = kept.end();
    for (auto it = kept.begin(); it != kept.end(); ++it)
      if (it->floats >= floats && (best == kept.end() || it->floats < best->floats))
        best = it;
    if (best != kept.end()) {
      block_ = *best;
      kept.erase(best);
    } else {
      if (!kept.empty()) {  // grow one that is too small instead of adding another
        std::free(kept.back().data);
        kept.pop_back();
      }
      block_ = {static_cast<float*>(std::aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64)), floats};
    }
  }
  ~Scratch() {
    std::lock_guard<std::mutex> lock(mutex());
    pool().push_back(block_);
  }
  Scratch(const Scratch&) = delete;
  float* data() const { return block_.data; }

 private:
  struct Block {
    float* data;
    long floats;
  };
  static std::mutex& mutex() {
    static auto* it = new std::mutex();
    return *it;
  }
  static std::vector<Block>& pool() {
    static auto* it = new std::vector<Block>();
    return *it;
  }
  Block block_;
};

}  // namespace native
