// Asking a running job to stop after the step in hand.
#pragma once

namespace omma {

// While one is alive, the first SIGINT or SIGTERM only sets a flag; a second one ends the process as it would without. At most one
// at a time; destroy it on the thread that made it.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  bool requested() const;
};

}  // namespace omma
