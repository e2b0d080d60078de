// An HTTP server on loopback that sends what a test tells it to, byte for byte.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace omma::testing {

struct ScriptedResponse {
  std::vector<std::string> pieces;      // sent one after another
  std::chrono::milliseconds pause{0};   // before each piece but the first
  std::chrono::milliseconds linger{0};  // before the connection is closed
};

class ScriptedServer {
 public:
  // Answers connection i with responses[i], the last one for all that follow.
  explicit ScriptedServer(std::vector<ScriptedResponse> responses);
  ~ScriptedServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  int connections() const { return connections_; }
  std::string request(std::size_t index) const { return requests_.at(index); }  // valid once it was answered

 private:
  void serve();
  void answer(int socket, const ScriptedResponse& response);

  std::vector<ScriptedResponse> responses_;
  std::vector<std::string> requests_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> closing_ = false;
  std::thread thread_;
};

}  // namespace omma::testing
