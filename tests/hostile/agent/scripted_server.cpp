#include "tests/hostile/agent/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace omma::testing {

ScriptedServer::ScriptedServer(std::vector<ScriptedResponse> responses) : responses_(std::move(responses)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  const bool ready = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0 && ::listen(listener_, 8) == 0 &&
                     ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  if (!ready) throw std::runtime_error("scripted server: no socket");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
  closing_ = true;
  thread_.join();
  ::close(listener_);
}

void ScriptedServer::serve() {
  while (!closing_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    const int socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0) continue;
    const auto index = std::min<std::size_t>(static_cast<std::size_t>(connections_.load()), responses_.size() - 1);
    answer(socket, responses_[index]);
    ++connections_;
    ::close(socket);
  }
}

void ScriptedServer::answer(int socket, const ScriptedResponse& response) {
  std::string request;
  std::array<char, 4096> buffer{};
  std::size_t expected = std::string::npos;
  while (request.size() < expected) {
    const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    request.append(buffer.data(), static_cast<std::size_t>(count));
    const auto head = request.find("\r\n\r\n");
    const auto field = request.find("Content-Length: ");
    if (head != std::string::npos && field != std::string::npos) expected = head + 4 + std::stoul(request.substr(field + 16));
  }
  requests_.push_back(request);
  for (std::size_t i = 0; i < response.pieces.size() && !closing_; ++i) {
    if (i > 0) std::this_thread::sleep_for(response.pause);
    if (::send(socket, response.pieces[i].data(), response.pieces[i].size(), MSG_NOSIGNAL) < 0) break;
  }
  for (auto waited = std::chrono::milliseconds(0); waited < response.linger && !closing_; waited += std::chrono::milliseconds(10))
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace omma::testing
