#include "omma/jobs/questioning.h"

#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace omma {

std::string_view name_of(BudgetEnd end) {
  return end == BudgetEnd::requests ? "max_requests" : end == BudgetEnd::tokens ? "max_tokens_total" : "";
}

struct Questioning::Round {
  const std::vector<Item>& items;
  ReplyLedger& ledger;
  const std::function<void(bool, const std::string&)>& done;
  std::mutex mutex;
  std::size_t next = 0;
  std::map<std::string, std::string> failures;
  std::exception_ptr error;
};

std::map<std::string, std::string> Questioning::ask(const std::vector<Item>& items, ReplyLedger& ledger,
                                                    const std::function<void(bool failed, const std::string& reason)>& done) {
  Round round{.items = items, .ledger = ledger, .done = done, .mutex = {}, .failures = {}, .error = {}};
  const auto wanted = std::min(static_cast<std::size_t>(parallel_), items.size());
  while (teachers_.size() < wanted) teachers_.push_back(maker_());
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back([&, i] { work(round, *teachers_[i]); });
  if (wanted > 0) work(round, *teachers_[0]);
  for (std::thread& thread : threads) thread.join();
  if (round.error) std::rethrow_exception(round.error);
  return std::move(round.failures);
}

void Questioning::work(Round& round, Teacher& teacher) {
  std::unique_lock lock(round.mutex);
  while (!round.error && round.next < round.items.size()) {
    if (budget_.requests > 0 && spent_.requests >= budget_.requests) end_ = BudgetEnd::requests;
    if (budget_.tokens > 0 && spent_.all_tokens() >= budget_.tokens) end_ = BudgetEnd::tokens;
    if (end_ != BudgetEnd::none) return;
    const Item& item = round.items[round.next++];
    ++spent_.requests;  // before the reply, so that no two take the last one
    lock.unlock();
    std::optional<TeacherReply> reply;
    std::string failure;
    std::exception_ptr error;
    try {
      const TeacherRequest request = item.request();
      try {
        reply = teacher.ask(request);
      } catch (const std::runtime_error& failed) {
        failure = failed.what();
      } catch (const std::invalid_argument& failed) {
        failure = failed.what();
      }
      if (reply) round.ledger.add(item.key, *reply);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    try {
      if (error) std::rethrow_exception(error);
      if (reply) spent_.prompt_tokens += reply->prompt_tokens, spent_.tokens += reply->tokens;
      if (!reply) round.failures[item.key] = failure;
      round.done(!reply, failure);
    } catch (...) {
      if (!round.error) round.error = std::current_exception();
    }
  }
}

}  // namespace omma
