#include "omma/agent/moment.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

#include "omma/agent/ascii.h"

namespace omma {
namespace {

struct Word {
  std::string text;        // in lower case, without the punctuation around it
  std::size_t begin, end;  // bytes of the question, punctuation left out
};

std::vector<Word> words_of(std::string_view question) {
  std::vector<Word> words;
  const auto is_inside = [](char c) {
    return is_ascii_alphanumeric(c) || c == '.' || c == ':' || c == '-' || static_cast<unsigned char>(c) > 127;
  };
  for (std::size_t at = 0; at < question.size();) {
    std::size_t end = at;
    while (end < question.size() && is_inside(question[end])) ++end;
    std::size_t last = end;
    while (last > at && (question[last - 1] == '.' || question[last - 1] == ':')) --last;
    if (last > at) {
      std::string text(question.substr(at, last - at));
      std::ranges::transform(text, text.begin(), ascii_lower);
      words.push_back({std::move(text), at, last});
    }
    at = std::max(end, at + 1);
  }
  return words;
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::ranges::count(words, word) > 0;
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 ? std::optional(value) : std::nullopt;
}

// "12", "2.5", "1:05".
std::optional<double> seconds_in(const std::string& word) {
  const std::size_t colon = word.find(':');
  if (colon == std::string::npos) return number_in(word);
  const auto minutes = number_in(std::string_view(word).substr(0, colon)),
             seconds = number_in(std::string_view(word).substr(colon + 1));
  return minutes && seconds ? std::optional(60 * *minutes + *seconds) : std::nullopt;
}

// Reads one telling of a moment from a place among the words.
class MomentReader {
 public:
  MomentReader(const std::vector<Word>& words, std::size_t at, double duration) : words_(words), at_(at), duration_(duration) {}

  std::optional<double> read() {
    const std::optional<double> seconds = read_place();
    if (seconds) skip_clip();
    return seconds;
  }
  std::size_t end() const { return at_; }

 private:
  bool take(std::initializer_list<std::string_view> choices) {
    if (at_ == words_.size() || !is_one_of(words_[at_].text, choices)) return false;
    ++at_;
    return true;
  }

  std::optional<double> read_place() {
    if (!take({"at", "in", "after", "near", "towards"})) return std::nullopt;
    take({"the"});
    take({"very"});
    if (take({"end", "finish"})) return duration_;
    if (take({"beginning", "start"})) return 0;
    if (take({"middle"})) return duration_ / 2;
    if (take({"last", "final"})) return take({"frame", "picture", "second", "moment"}) ? std::optional(duration_) : std::nullopt;
    if (take({"first"})) return take({"frame", "picture", "second", "moment"}) ? std::optional(0.0) : std::nullopt;
    take({"second"});  // "at second 3"
    return read_number();
  }

  std::optional<double> read_number() {
    if (at_ == words_.size()) return std::nullopt;
    std::string word = words_[at_].text;
    const bool is_clock = word.find(':') != std::string::npos, has_unit = word.size() > 1 && word.back() == 's';
    if (has_unit) word.pop_back();
    const std::optional<double> value = seconds_in(word);
    if (!value) return std::nullopt;
    const bool was_told = at_ > 0 && words_[at_ - 1].text == "second";
    ++at_;
    if (take({"minute", "minutes", "min"})) return std::min(60 * *value, duration_);
    if (!take({"s", "sec", "second", "seconds"}) && !is_clock && !has_unit && !was_told) return std::nullopt;  // "in 3 cars"
    return std::min(*value, duration_);
  }

  // "of the clip", "into the video".
  void skip_clip() {
    const std::size_t before = at_;
    if (take({"of", "in", "into"}) && (take({"the", "this"}), take({"clip", "video", "film", "footage", "recording"}))) return;
    at_ = before;
  }

  const std::vector<Word>& words_;
  std::size_t at_;
  double duration_;
};

// The question without those bytes, and without a comma or blanks that are left over.
std::string without(std::string_view question, std::size_t begin, std::size_t end) {
  std::string before(question.substr(0, begin)), after(question.substr(end));
  while (!before.empty() && (before.back() == ' ' || before.back() == ',')) before.pop_back();
  const std::size_t kept = after.find_first_not_of(before.empty() ? " ," : " ");
  after = kept == std::string::npos ? "" : after.substr(kept);
  if (before.empty() && !after.empty()) after[0] = ascii_upper(after[0]);
  const bool joins = before.empty() || after.empty() || std::string_view("?.!,;").find(after.front()) != std::string_view::npos;
  return before + (joins ? "" : " ") + after;
}

}  // namespace

std::optional<AskedMoment> moment_in(std::string_view question, double duration) {
  const std::vector<Word> words = words_of(question);
  for (std::size_t i = words.size(); i-- > 0;) {
    MomentReader reader(words, i, duration);
    if (const auto seconds = reader.read())
      return AskedMoment{.seconds = *seconds, .question = without(question, words[i].begin, words[reader.end() - 1].end)};
  }
  return std::nullopt;
}

}  // namespace omma
