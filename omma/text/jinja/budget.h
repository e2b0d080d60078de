// What one rendering of a template may cost: a hostile template ends in an error, never in a hang or an exhausted memory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/error.h"
#include "omma/text/marked_text.h"

namespace omma {

struct JinjaLimits {
  std::size_t template_bytes = 1 << 20;
  std::size_t depth = 300;            // of nested syntax, of calls and of lists in lists
  std::size_t steps = 4'000'000;      // expressions evaluated, elements and runs of 64 bytes copied; some seconds at the most
  std::size_t text_bytes = 16 << 20;  // of the output and of every text on the way
};

namespace jinja {

// Steps and depth still left, and what has to live until the rendering ends. Its errors are std::invalid_argument.
class Budget {
 public:
  explicit Budget(const JinjaLimits& limits) : limits_(limits), steps_(limits.steps) {}

  void spend(std::size_t steps) {
    check(steps <= steps_, "takes more than {} steps", limits_.steps);
    steps_ -= steps;
  }
  void spend_bytes(std::size_t bytes) { spend(bytes / 64 + 1); }
  // Of looking for one text in another: at the worst each place is compared to its end.
  void spend_search(std::size_t bytes, std::size_t wanted) {
    spend_bytes(bytes);
    if (wanted < bytes) spend((bytes - wanted) * wanted / 4096);
  }
  void spend_lookup(std::size_t names) { spend(names / 16); }  // of a name in a list
  void check_depth(std::size_t depth) const { check(depth <= limits_.depth, "nested deeper than {}", limits_.depth); }
  void check_bytes(std::size_t bytes) const {
    check(bytes <= limits_.text_bytes, "makes a text of more than {} bytes", limits_.text_bytes);
  }
  std::size_t most_bytes() const { return limits_.text_bytes; }
  template <class T>
  T* keep(std::shared_ptr<T> object) {
    kept_.push_back(object);
    return object.get();
  }

 private:
  friend class Deeper;
  JinjaLimits limits_;
  std::size_t steps_;
  std::size_t depth_ = 0;
  std::vector<std::shared_ptr<void>> kept_;
};

// One level deeper for as long as it lives.
class Deeper {
 public:
  explicit Deeper(Budget& budget) : budget_(budget) {
    budget_.check_depth(budget_.depth_ + 1);
    ++budget_.depth_;
  }
  ~Deeper() { --budget_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  Budget& budget_;
};

// Builds a text within a budget.
class TextBuilder {
 public:
  explicit TextBuilder(Budget& budget) : budget_(budget) {}

  void add(std::string_view more, bool is_outside = false) {
    pay(more.size());
    text_.append(more, is_outside);
  }
  void add(const MarkedText& more) { add(more, 0, more.size()); }
  void add(const MarkedText& more, std::size_t begin, std::size_t end) {
    pay(end - begin);
    text_.append(more, begin, end);
  }
  MarkedText finish() { return std::move(text_); }
  Budget& budget() { return budget_; }

 private:
  void pay(std::size_t bytes) {
    budget_.check_bytes(text_.size() + bytes);
    unpaid_ += bytes + 8;
    if (unpaid_ < 64) return;
    budget_.spend(unpaid_ / 64);
    unpaid_ %= 64;
  }

  Budget& budget_;
  MarkedText text_;
  std::size_t unpaid_ = 0;
};

}  // namespace jinja
}  // namespace omma
