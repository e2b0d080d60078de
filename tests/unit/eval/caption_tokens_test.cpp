#include "omma/eval/caption_tokens.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <utility>

namespace omma {
namespace {

// Recorded from Stanford's PTBTokenizer 3.4.1 (-preserveLines -lowerCase) and pycocoevalcap's list of punctuation.
TEST(CaptionTokens, AsTheTreebankTokenizerGivesThem) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"A man riding a wave on top of a surfboard.", "a man riding a wave on top of a surfboard"},
      {"two red dogs left of a blue car", "two red dogs left of a blue car"},
      {"Two dogs, one black-and-white; the other (brown) \"plays\" with a frisbee!",
       "two dogs one black-and-white the other -lrb- brown -rrb- plays with a frisbee"},
      {"The man's hat, the dogs' bowls and children's toys.", "the man 's hat the dogs bowls and children 's toys"},
      {"it's they're I'm we've he'd she'll", "it 's they 're i 'm we 've he 'd she 'll"},
      {"Don't touch: it can't, won't and isn't moving", "do n't touch it ca n't wo n't and is n't moving"},
      {"He cannot, he's gonna and they wanna.", "he can not he 's gon na and they wan na"},
      {"'Tis the cat 'til 5 o'clock, rock 'n' roll", "'t is the cat 'til 5 o'clock rock 'n' roll"},
      {"a 3-year-old boy in a t-shirt and x-ray glasses", "a 3-year-old boy in a t-shirt and x-ray glasses"},
      {"1/2 of a pizza costs $5.50, 50% off -- wow...", "1/2 of a pizza costs $ 5.50 50 % off wow"},
      {"1,000 people, 2, 3 or 4 at 10:30 a.m.", "1,000 people 2 3 or 4 at 10:30 a.m."},
      {"Mr. Smith and Dr. Jones on Main St. in the U.S.", "mr. smith and dr. jones on main st. in the u.s."},
      {"No. 5 is red. No. It is blue.", "no. 5 is red no it is blue"},
      {"What?! A dog?? Oh!", "what ?! a dog ?? oh"},
      {"a clock (5) [six] {seven} shows 12:05", "a clock -lrb- 5 -rrb- -lsb- six -rsb- -lcb- seven -rcb- shows 12:05"},
      {"black/white and and/or a man w/ a hat", "black/white and and/or a man w / a hat"},
      {"a – dash — and “curly” ‘quotes’… it’s", "a dash and curly quotes it 's"},
      {"the '90s, the 1950's and 90's", "the '90s the 1950 's and 90 's"},
      {"#1 dog @home #dog @cat", "# 1 dog @home #dog @cat"},
      {"+5 -5 .5 0.5 of a*b+c", "+5 -5 .5 0.5 of a * b + c"},
      {"5'10\" tall, 20'", "5 10 tall 20"},
      {"TV's, T.V. and p.m.", "tv 's t.v. and p.m."},
      {"  two   spaces\tand a tab  ", "two spaces and a tab"},
      {"a dog . a cat .", "a dog a cat"},
      {"hello,world;and:that", "hello world and that"},
      {"mother-in-law's half-eaten, half-full cake -", "mother-in-law 's half-eaten half-full cake"},
      {"É café in ÉCOLE", "é café in école"},
      {"", ""},
      {"...", ""},
      {"y'all, ma'am!", "y' all ma'am"},
  };
  for (const auto& [caption, expected] : cases) EXPECT_EQ(fmt::format("{}", fmt::join(caption_tokens(caption), " ")), expected);
}

TEST(CaptionTokens, MalformedBytesAreNoReasonToFail) {
  EXPECT_EQ(caption_tokens("a \xff dog"), (std::vector<std::string>{"a", "\uFFFD", "dog"}));
}

}  // namespace
}  // namespace omma
