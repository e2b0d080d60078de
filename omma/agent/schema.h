// A subset of JSON Schema, enough for the arguments of tools.
#pragma once

#include <string>

#include "omma/base/json.h"

namespace omma {

// Keywords understood: type (object, array, string, integer, number, boolean), properties, required, additionalProperties (false),
// items, minItems, maxItems, minLength, maxLength (bytes), minimum, maximum, enum, description (ignored). Throws
// std::invalid_argument, beginning with `where`, for a schema that uses anything else.
void check_schema(const json& schema, const std::string& where);

// What is wrong with `value`, as a sentence a model can act on ("objects: expected an array, got a string"); "" where it fits.
std::string schema_fault(const json& schema, const json& value);

}  // namespace omma
