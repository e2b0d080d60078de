// Many questions to a teacher, several at once, within a budget. Not part of the interface.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "omma/jobs/reply_ledger.h"
#include "omma/jobs/teacher.h"

namespace omma {

struct Budget {
  std::int64_t requests = 0, tokens = 0;  // 0: no limit; what is under way when the last token is spent is still taken
};

// Which limit ended the questioning; "" where none did.
enum class BudgetEnd { none, requests, tokens };
std::string_view name_of(BudgetEnd end);  // "", "max_requests", "max_tokens_total"

class Questioning {
 public:
  // `spent`: by earlier runs.
  Questioning(TeacherMaker maker, int parallel, const Budget& budget, const ReplyCost& spent)
      : maker_(std::move(maker)), parallel_(parallel), budget_(budget), spent_(spent) {}

  struct Item {
    std::string key;
    std::function<TeacherRequest()> request;
  };

  // Asks for all of them, in their order as far as several at once have one; replies go to the ledger. What failed, by key, with
  // the reason. `done` is called for each, by one thread at a time. An exception of `done` or the ledger ends it and is rethrown.
  std::map<std::string, std::string> ask(const std::vector<Item>& items, ReplyLedger& ledger,
                                         const std::function<void(bool failed, const std::string& reason)>& done);

  BudgetEnd end() const { return end_; }

 private:
  struct Round;
  void work(Round& round, Teacher& teacher);

  TeacherMaker maker_;
  int parallel_;
  Budget budget_;
  ReplyCost spent_;
  BudgetEnd end_ = BudgetEnd::none;
  std::vector<std::unique_ptr<Teacher>> teachers_;
};

}  // namespace omma
