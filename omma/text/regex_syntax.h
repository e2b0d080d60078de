// Oniguruma's regular expressions (Ruby syntax, UTF-8) written for PCRE2.
#pragma once

#include <string>
#include <string_view>

namespace omma {

// The same expression for PCRE2 with UTF, UCP and MULTILINE. Classes whose contents differ are spelt out: \s is the property
// White_Space, \w also has marks and connectors, \h is a hexadecimal digit. Throws std::invalid_argument, beginning with `where`,
// for what the two read differently: set operations and nested sets in brackets, inline options other than i, verbs, quoting.
std::string to_pcre2(std::string_view expression, std::string_view where);

}  // namespace omma
