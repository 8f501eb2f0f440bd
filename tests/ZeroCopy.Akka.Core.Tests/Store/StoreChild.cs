using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

/// <summary>The program that puts and leases models in a store of the test's.</summary>
internal static class StoreChild
{
    public static Task<ChildProcess> StartAsync(string store) => ChildProcess.StartAsync("ZeroCopy.Akka.StoreProcess", store);
}
