// Backslashes in a text literal.
#pragma once

#include <string>
#include <string_view>

namespace omma::jinja {

// As Python reads them; an unknown one stays as it is. Throws std::invalid_argument for malformed ones, surrogates and \N{...}.
std::string unescaped(std::string_view literal);

}  // namespace omma::jinja
