// The tables of filters, by what they work on.
#pragma once

#include <span>

#include "omma/text/jinja/callable.h"

namespace omma::jinja {

std::span<const Function> text_filters();
std::span<const Function> list_filters();
std::span<const Function> selecting_filters();
std::span<const Function> value_filters();

// The value under "a.b.0", or under a number; an undefined one on the way becomes `otherwise`, where it is not nullptr.
Value path_of(Budget& budget, Value value, const Value& path, const Value* otherwise = nullptr);
// In lower case, where it is a text and `case_sensitive` is false: the key by which texts are sorted.
Value sort_key(Budget& budget, const Value& value, bool case_sensitive);

}  // namespace omma::jinja
