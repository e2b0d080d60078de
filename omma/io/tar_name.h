// Names of a shard's members. Not part of the interface: see tar_shard.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace omma {

struct MemberName {
  std::string key;
  std::string extension;  // in lower case
  std::string refusal;    // why the name is none; "" where it is
};

// "./cats/0001.JPG" is "cats/0001" and "jpg".
MemberName parse_member_name(std::string_view name, std::size_t longest);

}  // namespace omma
