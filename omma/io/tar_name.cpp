#include "omma/io/tar_name.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>

namespace omma {
namespace {

bool is_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (auto left = static_cast<utf8proc_ssize_t>(text.size()); left > 0;) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(bytes, left, &code);
    if (length < 1) return false;
    bytes += length;
    left -= length;
  }
  return true;
}

bool leads_out(std::string_view name) {
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.size(), name.find('/', begin));
    if (name.substr(begin, end - begin) == "..") return true;
    begin = end + 1;
  }
  return name.starts_with('/');
}

}  // namespace

MemberName parse_member_name(std::string_view name, std::size_t longest) {
  while (name.starts_with("./")) name.remove_prefix(2);
  const auto refuse = [](std::string reason) { return MemberName{.key = {}, .extension = {}, .refusal = std::move(reason)}; };
  if (name.size() > longest) return refuse(fmt::format("a name of {} bytes is over the limit of {}", name.size(), longest));
  if (!is_utf8(name)) return refuse("the name is not UTF-8");
  if (leads_out(name)) return refuse("the name leads out of the archive");
  const std::size_t slash = name.rfind('/');
  const std::size_t base = slash == std::string_view::npos ? 0 : slash + 1;
  const std::size_t dot = name.find('.', base);
  if (dot == std::string_view::npos || dot == base || dot + 1 == name.size()) return refuse("expected a name KEY.EXTENSION");
  MemberName parsed{.key = std::string(name.substr(0, dot)), .extension = std::string(name.substr(dot + 1)), .refusal = {}};
  std::transform(parsed.extension.begin(), parsed.extension.end(), parsed.extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return parsed;
}

}  // namespace omma
