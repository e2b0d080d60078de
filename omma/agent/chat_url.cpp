#include "omma/agent/chat_url.h"

#include <curl/curl.h>

#include <memory>

#include "omma/agent/ascii.h"
#include "omma/base/error.h"

namespace omma {

namespace {

// The parts of a URL as libcurl reads them: what is compared here is what it connects to.
class UrlParts {
 public:
  explicit UrlParts(const std::string& url) : handle_(curl_url()) {
    valid_ = handle_ && curl_url_set(handle_.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  }

  // "" for a part that is not there.
  std::string get(CURLUPart part) const {
    char* text = nullptr;
    if (!valid_ || curl_url_get(handle_.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return "";
    std::string copy(text);
    curl_free(text);
    return copy;
  }
  void set(CURLUPart part, const char* value) { curl_url_set(handle_.get(), part, value, 0); }

  // libcurl writes schemes in lower case.
  bool is_http() const { return get(CURLUPART_SCHEME) == "http" || get(CURLUPART_SCHEME) == "https"; }

  std::string whole() const {
    char* text = nullptr;
    if (!valid_ || curl_url_get(handle_.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return "";
    std::string copy(text);
    curl_free(text);
    return copy;
  }

 private:
  struct Free {
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
  };
  std::unique_ptr<CURLU, Free> handle_;
  bool valid_ = false;
};

constexpr std::string_view completions_path = "/chat/completions";

}  // namespace

std::string completions_url(const std::string& base) {
  UrlParts parts(base);
  check(parts.is_http(), "--llm: expected the http(s) URL of a chat server, such as http://127.0.0.1:8080/v1");
  std::string path = parts.get(CURLUPART_PATH);
  while (path.ends_with('/')) path.pop_back();
  if (path.empty()) path = "/v1";
  if (!path.ends_with(completions_path)) path += completions_path;
  parts.set(CURLUPART_PATH, path.c_str());
  parts.set(CURLUPART_FRAGMENT, nullptr);
  return parts.whole();
}

std::string shown_url(const std::string& url) {
  UrlParts parts(url);
  if (!parts.is_http()) return "(a URL that cannot be read)";
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) parts.set(part, nullptr);
  return parts.whole();
}

bool is_same_server(const std::string& from, const std::string& to) {
  const UrlParts a(from), b(to);
  if (!a.is_http() || !b.is_http() || !equal_ignoring_case(a.get(CURLUPART_HOST), b.get(CURLUPART_HOST))) return false;
  const bool same_scheme = a.get(CURLUPART_SCHEME) == b.get(CURLUPART_SCHEME);
  if (same_scheme) return a.get(CURLUPART_PORT) == b.get(CURLUPART_PORT);
  return a.get(CURLUPART_SCHEME) == "http" && a.get(CURLUPART_PORT) == "80" && b.get(CURLUPART_PORT) == "443";
}

}  // namespace omma
