#include "error.hpp"

#include <cstring>

namespace xg {

std::string describe(const Site& site) {
  if (!site) return "unknown place";
  const char* slash = std::strrchr(site.file, '/');
  std::string text = std::string(slash ? slash + 1 : site.file) + ":" + std::to_string(site.line);
  if (site.function && *site.function) text += std::string(" in ") + site.function;
  return text;
}

Complaint& Complaint::fact(const char* name, const std::string& description) {
  text_ += std::string("\n  ") + name + "  " + description;
  return *this;
}

Complaint& Complaint::layer(const std::string& parameter) {
  std::size_t dot = parameter.rfind('.');
  return dot == std::string::npos ? *this : fact("layer", parameter.substr(0, dot));
}

Site& detail::call_scope() {
  constinit static thread_local Site scope;
  return scope;
}

Complaint& Complaint::at(const Site& site) {
  const Site& place = detail::call_scope() ? detail::call_scope() : site;
  return place ? fact("at", describe(place)) : *this;
}

Complaint& Complaint::mend(const std::string& advice) { return fact("try", advice); }

}  // namespace xg
