package llamacpp

import (
	"github.com/hybridgroup/yzma/pkg/llama"
)

// Device is a processor that the loaded library can compute on.
type Device struct {
	Name        string `json:"name"` // of the library's, such as "CUDA0", "Vulkan0", "CPU"
	Description string `json:"description"`
	GPU         bool   `json:"gpu"`
	Free        uint64 `json:"free_bytes"`
	Total       uint64 `json:"total_bytes"`
}

// Devices lists the processors that the library sees.
func (l *Library) Devices() []Device {
	var out []Device
	for i := range llama.GGMLBackendDeviceCount() {
		d := llama.GGMLBackendDeviceGet(i)
		free, total := llama.GGMLBackendDeviceMemory(d)
		kind := llama.GGMLBackendDevType(d)
		out = append(out, Device{
			Name: llama.GGMLBackendDeviceName(d), Description: llama.GGMLBackendDeviceDescription(d),
			GPU: kind == llama.GGMLBackendDeviceTypeGPU || kind == llama.GGMLBackendDeviceTypeIGPU, Free: free, Total: total,
		})
	}
	return out
}
