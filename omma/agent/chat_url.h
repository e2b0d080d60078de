// Addresses of chat servers.
#pragma once

#include <string>

namespace omma {

// Where completions are asked for: BASE/chat/completions. A base without a path gets /v1; one that ends in /chat/completions stays
// as it is; its query is kept. Throws std::invalid_argument for what is no http(s) URL.
std::string completions_url(const std::string& base);

// The URL without user, password and query, any of which may hold a key: what messages may show.
std::string shown_url(const std::string& url);

// Whether what was meant for `from` may be sent to `to`: the same scheme, host and port, or the same host by https instead of http.
bool is_same_server(const std::string& from, const std::string& to);

}  // namespace omma
