#include "omma/recipes/planner/made_up_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string_view>

#include "omma/text/plural.h"

namespace omma {

namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 36> onsets = {"b",  "c",  "d",  "f",  "g",  "h",  "j",  "k",  "l",  "m",  "n",  "p",
                                                     "qu", "r",  "s",  "t",  "v",  "w",  "x",  "y",  "z",  "bl", "br", "ch",
                                                     "cl", "dr", "fl", "gr", "pl", "sh", "sk", "sp", "st", "th", "tr", ""};
constexpr std::array<std::string_view, 16> vowels = {"a", "e", "i",  "o",  "u",  "a",  "e",  "i",
                                                     "o", "u", "ai", "ea", "ee", "oo", "ou", "é"};
constexpr std::array<std::string_view, 28> codas = {"",   "",  "",  "b",  "ck", "d",  "f", "g",  "l",  "ll", "m", "n",  "nd", "ng",
                                                    "nt", "p", "r", "rd", "rk", "rt", "s", "sh", "ss", "st", "t", "th", "x",  "y"};
constexpr std::array<std::string_view, 72> real_nouns = {
    "platelet", "cell",   "bottle",    "box",          "berry",          "wolf cub",  "tiger",     "robot",   "laptop",
    "phone",    "window", "door",      "table",        "sofa",           "glass",     "brush",     "truck",   "scooter",
    "kite",     "bench",  "sheep dog", "sign",         "light",          "lemon",     "orange",    "pear",    "carrot",
    "donut",    "pizza",  "cake",      "bed",          "toilet",         "screen",    "mouse pad", "remote",  "oven",
    "toaster",  "sink",   "fridge",    "vase",         "teddy",          "drill",     "comb",      "bowl",    "spoon",
    "fork",     "napkin", "cable",     "nucleus body", "bacterium cell", "leaf spot", "wheel",     "wing",    "button",
    "pen",      "pencil", "ruler",     "stamp",        "coin",           "ring",      "zebra",     "giraffe", "elephant",
    "bear",     "skier",  "surfer",    "player",       "rider",          "worker",    "nurse",     "helmet",  "vest"};
constexpr std::array<std::string_view, 24> adjectives = {
    "white", "black",  "brown", "orange",      "pink",      "tall",    "round", "broken", "old",  "young", "wooden", "metal",
    "glass", "street", "blood", "white blood", "red blood", "traffic", "fire",  "stop",   "wild", "dead",  "empty",  "full"};

}  // namespace

std::string invented_word(Rng& rng) {
  std::string word;
  const int syllables = rng.between(1, 3);
  for (int i = 0; i < syllables; ++i) {
    word += rng.pick(Words(onsets));
    word += rng.pick(Words(vowels));
    word += rng.pick(Words(codas));
  }
  if (word.size() < 3) word += "n";
  return word;
}

MadeUpNoun make_up_noun(Rng& rng) {
  std::string noun = rng.chance(0.5) ? invented_word(rng) : std::string(rng.pick(Words(real_nouns)));
  const int more = rng.chance(0.5) ? 0 : rng.between(1, 2);
  for (int i = 0; i < more; ++i)
    noun = (rng.chance(0.4) ? invented_word(rng) : std::string(rng.pick(Words(adjectives)))) + " " + noun;
  if (rng.chance(0.1)) noun[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(noun[0])));
  if (rng.chance(0.05)) std::transform(noun.begin(), noun.end(), noun.begin(), [](unsigned char c) { return std::toupper(c); });
  const bool shouted = noun.size() > 1 && std::isupper(static_cast<unsigned char>(noun[1])) != 0;
  return {noun, shouted ? noun + "s" : plural_of(noun)};
}

}  // namespace omma
