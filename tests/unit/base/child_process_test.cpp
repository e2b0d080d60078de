#include "omma/base/child_process.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

using Clock = ChildProcess::Clock;
using Write = ChildProcess::Write;
using testing::invalid_argument_of;

constexpr std::int64_t memory = std::int64_t{1} << 30;

Clock::time_point in(std::chrono::milliseconds time) { return Clock::now() + time; }
Clock::time_point soon() { return in(std::chrono::seconds(20)); }

template <class T>
void send(const Write& write, const T& value) {
  write({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

template <class T>
T received(ChildProcess& child) {
  T value{};
  EXPECT_TRUE(child.read({reinterpret_cast<std::uint8_t*>(&value), sizeof value}, soon()));
  return value;
}

void read_to_end(ChildProcess& child) {
  std::uint8_t byte;
  while (child.read({&byte, 1}, soon())) continue;
}

int descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  int count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

// Neither a process nor a zombie nor a descriptor is left by any test.
class ChildProcesses : public ::testing::Test {
 protected:
  ~ChildProcesses() override {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(descriptors(), descriptors_before_);
  }

 private:
  int descriptors_before_ = descriptors();
};

TEST_F(ChildProcesses, GiveTheirBytesInOrder) {
  constexpr std::size_t count = 3'000'000;  // more than a pipe holds
  ChildProcess child(
      [](const Write& write) {
        std::vector<std::uint8_t> bytes(count);
        for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
        write(bytes);
        send(write, std::int64_t{-5});
      },
      memory);
  std::vector<std::uint8_t> bytes(count);
  EXPECT_TRUE(child.read(bytes, soon()));
  for (std::size_t i = 0; i < count; i += 1013) ASSERT_EQ(bytes[i], static_cast<std::uint8_t>(i * 7));
  EXPECT_EQ(received<std::int64_t>(child), -5);
  std::uint8_t byte;
  EXPECT_FALSE(child.read({&byte, 1}, soon()));
  EXPECT_FALSE(child.read({&byte, 1}, soon()));
}

TEST_F(ChildProcesses, ErrorsAreThoseOfTheWork) {
  ChildProcess refuses([](const Write&) { throw std::invalid_argument("expected one, got two"); }, memory);
  EXPECT_EQ(invalid_argument_of([&] { read_to_end(refuses); }), "expected one, got two");
  ChildProcess fails(
      [](const Write& write) {
        send(write, 1);
        throw std::runtime_error(std::string(9000, 'x'));
      },
      memory);
  EXPECT_EQ(received<int>(fails), 1);
  try {
    read_to_end(fails);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 3000), std::string(3000, 'x'));
  }
  EXPECT_NO_THROW(read_to_end(fails));  // it is gone
  ChildProcess partial([](const Write& write) { write(std::vector<std::uint8_t>{1, 2, 3}); }, memory);
  std::uint8_t four[4];
  EXPECT_THROW(partial.read(four, soon()), std::runtime_error);
}

TEST_F(ChildProcesses, CrashesAreTold) {
  const auto crash_of = [](const std::function<void()>& work) -> std::string {
    ChildProcess child([&](const Write&) { work(); }, memory);
    try {
      read_to_end(child);
    } catch (const ChildCrash& crash) {
      return crash.what();
    }
    return "";
  };
  EXPECT_EQ(crash_of([] { ::raise(SIGSEGV); }), "signal 11 (Segmentation fault)");
  EXPECT_EQ(crash_of([] { ::raise(SIGKILL); }), "signal 9 (Killed)");
  EXPECT_EQ(crash_of([] { ::_exit(3); }), "status 3");
}

TEST_F(ChildProcesses, AreKilledAtTheDeadline) {
  for (const bool spins : {false, true}) {
    const auto start = Clock::now();
    ChildProcess child(
        [&](const Write& write) {
          send(write, ::getpid());
          while (true)
            if (!spins) ::pause();
        },
        memory);
    const auto process = received<pid_t>(child);
    std::uint8_t byte;
    EXPECT_THROW(child.read({&byte, 1}, start + std::chrono::milliseconds(300)), ChildLate);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    EXPECT_GE(seconds, 0.3);
    EXPECT_LT(seconds, 2);
    EXPECT_EQ(::kill(process, 0), -1);
    EXPECT_EQ(errno, ESRCH);
    EXPECT_FALSE(child.read({&byte, 1}, soon()));
  }
  ChildProcess writes(  // bytes enough, but for ever
      [](const Write& write) {
        while (true) send(write, 1);
      },
      memory);
  const Clock::time_point deadline = in(std::chrono::milliseconds(200));
  std::uint8_t byte;
  EXPECT_THROW(while (writes.read({&byte, 1}, deadline)) continue, ChildLate);
}

TEST_F(ChildProcesses, EndWithTheirObject) {
  pid_t process = 0;
  {
    ChildProcess child(
        [](const Write& write) {
          send(write, ::getpid());
          for (std::int64_t i = 0;; ++i) send(write, i);  // waits for the reader
        },
        memory);
    process = received<pid_t>(child);
  }
  EXPECT_EQ(::kill(process, 0), -1);
}

TEST_F(ChildProcesses, HaveTheirOwnSignalsAndDescriptors) {
  int other[2];
  ASSERT_EQ(::pipe(other), 0);
  ChildProcess child(
      [](const Write& write) {
        send(write, ::getpid());
        send(write, descriptors());
        std::int64_t sent = 0;
        while (true) send(write, ++sent);
      },
      memory);
  const auto process = received<pid_t>(child);
  EXPECT_EQ(received<int>(child), 2 + 1 + 3 + 1);  // . and .., the folder, the three and the pipe
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::kill(process, signal);
  for (std::int64_t i = 1; i < 500'000; ++i) ASSERT_EQ(received<std::int64_t>(child), i);
  ::close(other[0]);
  ::close(other[1]);
}

// The kernel tells a child that its parent is gone when the thread that made it is.
TEST_F(ChildProcesses, OutliveTheThreadThatMadeThem) {
  std::unique_ptr<ChildProcess> child;
  std::thread([&] {
    child = std::make_unique<ChildProcess>(
        [](const Write& write) {
          for (int i = 0; i < 1'000'000; ++i) send(write, i);
        },
        memory);
  }).join();
  for (int i = 0; i < 1'000'000; ++i) ASSERT_EQ(received<int>(*child), i);
}

bool is_running(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return !text.empty() && text.find(") Z ") == std::string::npos;
}

TEST_F(ChildProcesses, NeverOutliveTheCaller) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t caller = ::fork();
  if (caller == 0) {
    ChildProcess child(
        [](const Write& write) {
          send(write, ::getpid());
          while (true) continue;
        },
        memory);
    const auto grandchild = received<pid_t>(child);
    [[maybe_unused]] const auto written = ::write(ends[1], &grandchild, sizeof grandchild);
    ::pause();
  }
  pid_t grandchild = 0;
  ASSERT_EQ(::read(ends[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
  EXPECT_TRUE(is_running(grandchild));
  ::kill(caller, SIGKILL);
  ::waitpid(caller, nullptr, 0);
  for (int i = 0; i < 200 && is_running(grandchild); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(is_running(grandchild));
  ::kill(grandchild, SIGKILL);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(ChildProcesses, MemoryIsLimited) {
  const auto work = [](const Write& write) {
    std::vector<std::vector<char>> blocks;
    for (int block = 0; block < 64; ++block) blocks.emplace_back(std::size_t{1} << 22, 'x');
    send(write, 1);
  };
  ChildProcess roomy(work, std::int64_t{1} << 30);
  EXPECT_EQ(received<int>(roomy), 1);
  ChildProcess narrow(work, std::int64_t{1} << 26);
  EXPECT_THROW(read_to_end(narrow), std::runtime_error);  // std::bad_alloc there, or what a sanitizer makes of it
}

// Of a process with many threads that allocate all the while, where the allocator is one that may be forked: GCC's sanitizer's is
// not.
TEST_F(ChildProcesses, CanBeMadeAmidThreads) {
#ifdef __SANITIZE_ADDRESS__
  constexpr std::size_t strings = 0;
#else
  constexpr std::size_t strings = 20;
#endif
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([](const std::stop_token& stop) {
      const std::string text(100, 'x');
      while (!stop.stop_requested()) std::vector<std::string>(strings, text).clear();
    });
  for (int i = 0; i < 50; ++i) {
    ChildProcess child(
        [i](const Write& write) {
          const std::vector<int> copies(1000, i);
          std::jthread([&] { send(write, copies[999]); }).join();
        },
        memory);
    ASSERT_EQ(received<int>(child), i);
  }
}

}  // namespace
}  // namespace omma
