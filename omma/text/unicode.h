// Classes of characters and normal forms, as the `tokenizers` library has them.
//
// Its tables come from several Unicode versions: general categories of BERT's steps from 8, marks and normal forms from 9, white
// space, digits and case from its compiler. Here they come from utf8proc, less the characters that those versions lack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace omma {

bool is_white_space(char32_t code);      // property White_Space
bool is_punctuation(char32_t code);      // ASCII punctuation and category P
bool is_control(char32_t code);          // categories Cc, Cf and Co, without tab, line feed and carriage return
bool is_number(char32_t code);           // categories Nd, Nl and No
bool is_word_character(char32_t code);   // \w of Unicode TS 18: alphabetic, marks, digits, connectors, joiners
bool is_nonspacing_mark(char32_t code);  // category Mn
bool is_mark(char32_t code);             // category M
bool is_cjk_ideograph(char32_t code);    // BERT's "Chinese characters"

// Lower case of one character on its own: U+0130 gives "i" and U+0307, all others give one character (second: 0).
struct LowerCase {
  char32_t first;
  char32_t second;
};
LowerCase lower_case(char32_t code);

char32_t upper_case(char32_t code);  // of one character as one; "ß" stays
char32_t title_case(char32_t code);
bool is_upper(char32_t code);
bool is_lower(char32_t code);
bool is_letter(char32_t code);         // category L
bool is_decimal_digit(char32_t code);  // category Nd
bool is_printable(char32_t code);      // neither categories C and Z nor unassigned; the space is

// Where the grapheme cluster (Unicode annex 29) that begins at text[begin] ends: the text is valid UTF-8, `begin` before its end.
std::size_t grapheme_end(std::string_view text, std::size_t begin);

bool decomposes(char32_t code);  // false for characters whose decomposition came after Unicode 9

enum class NormalForm { nfc, nfd, nfkc, nfkd };

// One character of a rewritten text and what became of the text it was written from: 0 where it stands for the next character,
// 1 where it was inserted, -N where it stands for the next character and the N after it are gone.
struct RewrittenCharacter {
  char32_t code;
  std::int32_t change;
};

// The normal form of a valid UTF-8 text (Unicode annex 15).
std::vector<RewrittenCharacter> normal_form(std::string_view text, NormalForm form);

}  // namespace omma
