#include "omma/eval/vqa_accuracy.h"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "omma/base/error.h"
#include "omma/text/aligned_text.h"

namespace omma {
namespace {

constexpr std::string_view spaces = " \n\t\v\f\r";

// The official map's lower-case words, each before what it becomes: somebody'd as it stands there. Those with capitals never meet a
// lower-cased text.
constexpr std::string_view contraction_pairs =
    "aint ain't arent aren't cant can't couldve could've couldnt couldn't couldn'tve couldn't've couldnt've couldn't've "
    "didnt didn't doesnt doesn't dont don't hadnt hadn't hadnt've hadn't've hadn'tve hadn't've hasnt hasn't havent haven't "
    "hed he'd hed've he'd've he'dve he'd've hes he's howd how'd howll how'll hows how's isnt isn't itd it'd itd've it'd've "
    "it'dve it'd've itll it'll maam ma'am mightnt mightn't mightnt've mightn't've mightn'tve mightn't've mightve might've "
    "mustnt mustn't mustve must've neednt needn't notve not've oclock o'clock oughtnt oughtn't ow's'at 'ow's'at "
    "'ows'at 'ow's'at 'ow'sat 'ow's'at shant shan't shed've she'd've she'dve she'd've shouldve should've shouldnt shouldn't "
    "shouldnt've shouldn't've shouldn'tve shouldn't've somebody'd somebodyd somebodyd've somebody'd've "
    "somebody'dve somebody'd've somebodyll somebody'll somebodys somebody's someoned someone'd someoned've someone'd've "
    "someone'dve someone'd've someonell someone'll someones someone's somethingd something'd somethingd've something'd've "
    "something'dve something'd've somethingll something'll thats that's thered there'd thered've there'd've "
    "there'dve there'd've therere there're theres there's theyd they'd theyd've they'd've they'dve they'd've theyll they'll "
    "theyre they're theyve they've twas 'twas wasnt wasn't wed've we'd've we'dve we'd've weve we've werent weren't "
    "whatll what'll whatre what're whats what's whatve what've whens when's whered where'd wheres where's whereve where've "
    "whod who'd whod've who'd've who'dve who'd've wholl who'll whos who's whove who've whyll why'll whyre why're whys why's "
    "wont won't wouldve would've wouldnt wouldn't wouldnt've wouldn't've wouldn'tve wouldn't've yall y'all yall'll y'all'll "
    "y'allll y'all'll yall'd've y'all'd've y'alld've y'all'd've y'all'dve y'all'd've youd you'd youd've you'd've "
    "you'dve you'd've youll you'll youre you're youve you've";

// The words between white space.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; (begin = text.find_first_not_of(spaces, begin)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.size(), text.find_first_of(spaces, begin));
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::map<std::string_view, std::string_view> map_contractions() {
  std::map<std::string_view, std::string_view> map;
  const std::vector<std::string_view> words = split(contraction_pairs);
  for (std::size_t i = 0; i < words.size(); i += 2) map[words[i]] = words[i + 1];
  return map;
}

bool is_digit(std::string_view text, std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; }

bool has_comma_between_digits(std::string_view text) {
  for (std::size_t at = 1; at + 1 < text.size(); ++at)
    if (text[at] == ',' && is_digit(text, at - 1) && is_digit(text, at + 1)) return true;
  return false;
}

bool touches_space(std::string_view text, char mark) {
  for (std::size_t at = 0; at + 1 < text.size(); ++at)
    if ((text[at] == mark && text[at + 1] == ' ') || (text[at] == ' ' && text[at + 1] == mark)) return true;
  return false;
}

// A mark goes everywhere if it touches a space somewhere or any number is written 1,000, else it becomes a space.
std::string without_punctuation(std::string_view text) {
  const bool comma = has_comma_between_digits(text);
  std::string result(text);
  for (const char mark : std::string_view(";/[]\"{}()=+\\_-><@`,?!")) {
    if (comma || touches_space(text, mark))
      std::erase(result, mark);
    else
      std::ranges::replace(result, mark, ' ');
  }
  return result;
}

// The official expression means to spare periods between digits, but spares all before a digit, and the flag beside it is read as a
// count: of 32.
std::string without_periods(std::string_view text) {
  std::string result;
  for (std::size_t at = 0, removed = 0; at < text.size(); ++at) {
    if (text[at] == '.' && !is_digit(text, at + 1) && removed < 32)
      ++removed;
    else
      result += text[at];
  }
  return result;
}

// Empty for an article.
std::string_view normal_word(std::string_view word) {
  static const std::map<std::string_view, std::string_view> contractions = map_contractions();
  static const std::map<std::string_view, std::string_view> numbers = {
      {"none", "0"}, {"zero", "0"}, {"one", "1"},   {"two", "2"},   {"three", "3"}, {"four", "4"},
      {"five", "5"}, {"six", "6"},  {"seven", "7"}, {"eight", "8"}, {"nine", "9"},  {"ten", "10"}};
  if (word == "a" || word == "an" || word == "the") return "";
  if (const auto number = numbers.find(word); number != numbers.end()) return number->second;
  const auto contraction = contractions.find(word);
  return contraction == contractions.end() ? word : contraction->second;
}

std::string trimmed(std::string_view answer) {
  std::string text(answer);
  for (const char space : {'\n', '\t'}) std::ranges::replace(text, space, ' ');
  const std::size_t first = text.find_first_not_of(spaces);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(spaces) + 1 - first);
}

}  // namespace

std::string normalize_answer(std::string_view answer) {
  AlignedText lower(without_periods(without_punctuation(trimmed(answer))));
  lower.to_lower();
  std::string result;
  for (const std::string_view word : split(lower.str()))
    if (const std::string_view normal = normal_word(word); !normal.empty()) result.append(result.empty() ? "" : " ").append(normal);
  return result;
}

double vqa_accuracy(std::string_view answer, std::span<const std::string> annotators) {
  check(!annotators.empty(), "VQA accuracy: expected at least one answer");
  if (annotators.size() == 1) return normalize_answer(answer) == normalize_answer(annotators[0]) ? 1 : 0;
  std::vector<std::string> said;
  for (const std::string& annotator : annotators) said.push_back(trimmed(annotator));
  std::string text = trimmed(answer);
  if (std::ranges::adjacent_find(said, std::not_equal_to{}) != said.end()) {
    for (std::string& each : said) each = normalize_answer(each);
    text = normalize_answer(text);
  }
  const auto same = static_cast<double>(std::ranges::count(said, text)), all = static_cast<double>(said.size());
  // Of those who said so each sees one fewer beside itself.
  return (same * std::min(1.0, (same - 1) / 3) + (all - same) * std::min(1.0, same / 3)) / all;
}

}  // namespace omma
