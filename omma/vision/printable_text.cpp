#include <utf8proc.h>

#include "omma/vision/font.h"

namespace omma {
namespace {

bool is_blank(utf8proc_int32_t code) {
  const utf8proc_category_t category = utf8proc_category(code);
  return (code >= '\t' && code <= '\r') || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

bool is_printable(utf8proc_int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::string printable_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const utf8proc_ssize_t length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code);
    if (length <= 0) {
      result += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    if (is_blank(code)) {
      if (!result.empty() && result.back() != ' ') result += ' ';
    } else if (is_printable(code)) {
      result += text.substr(0, static_cast<std::size_t>(length));
    }
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

}  // namespace omma
