// Replies that were paid for, on disk before they count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "omma/jobs/teacher.h"

namespace omma {

// A file of lines {"key", "reply", "prompt_tokens", "tokens"} to which replies are only added. A line that a crash cut short was
// never counted and is taken off. Thread-safe.
class ReplyLedger {
 public:
  // Opens it to add to, and makes it where it is absent. Throws std::invalid_argument for a file that is no ledger,
  // std::runtime_error where the disk refuses.
  explicit ReplyLedger(std::filesystem::path file);
  ~ReplyLedger();
  ReplyLedger(const ReplyLedger&) = delete;
  ReplyLedger& operator=(const ReplyLedger&) = delete;

  // Returns when the reply has reached the disk. Throws std::runtime_error where it does not.
  void add(const std::string& key, const TeacherReply& reply);

  // By key. Not while others add.
  const std::map<std::string, TeacherReply>& replies() const { return replies_; }

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::mutex mutex_;
  std::map<std::string, TeacherReply> replies_;
};

// What such a file holds, whole lines only; nothing where there is none.
std::map<std::string, TeacherReply> read_replies(const std::filesystem::path& file);

// How much was paid for.
struct ReplyCost {
  std::int64_t requests = 0, prompt_tokens = 0, tokens = 0;

  std::int64_t all_tokens() const { return prompt_tokens + tokens; }
  void add(const TeacherReply& reply);
};

}  // namespace omma
