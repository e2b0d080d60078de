#include "omma/text/component_list.h"

namespace omma {

std::string component_type(const json& object, const std::string& where) {
  check(object.is_object(), "{}: expected an object, got {}", where, object.type_name());
  const auto type = object.find("type");
  check(type != object.end() && type->is_string(), "{}.type: expected a string", where);
  return type->get<std::string>();
}

}  // namespace omma
