// Texts put together by patterns, and text stripped of characters.
#pragma once

#include "omma/text/jinja/callable.h"
#include "omma/text/jinja/characters.h"

namespace omma::jinja {

// "{} of {name}".format(...): fields by place and name, !s and !r; other format specifications are refused.
MarkedText format_braces(Budget& budget, const MarkedText& format, const Arguments& arguments);

// Without the characters of `characters` (spaces where it is undefined or none) at the sides told.
MarkedText strip_characters(Budget& budget, const MarkedText& text, Sides sides, const Value& characters);

}  // namespace omma::jinja
