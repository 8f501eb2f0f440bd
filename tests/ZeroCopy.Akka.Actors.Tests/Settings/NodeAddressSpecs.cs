using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Actors.Tests.Settings;

public sealed class NodeAddressSpecs
{
    [Theory]
    [InlineData("10.0.0.7:4053", "akka.tcp://zerocopy@10.0.0.7:4053")]
    [InlineData("node-1.models.svc:4053", "akka.tcp://zerocopy@node-1.models.svc:4053")]
    [InlineData("[::1]:4053", "akka.tcp://zerocopy@[::1]:4053")]
    [InlineData("akka.tcp://other@10.0.0.7:4053", "akka.tcp://other@10.0.0.7:4053")]
    public void NodeAddress_should_read_what_people_write(string text, string address)
    {
        Assert.True(NodeAddress.TryParse(text, isEncrypted: false, out var plain));
        Assert.Equal(address, plain.ToString());
        Assert.True(NodeAddress.TryParse(text, isEncrypted: true, out var encrypted));
        Assert.Equal(address.Replace("akka.tcp", "akka.ssl.tcp", StringComparison.Ordinal), encrypted.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.7")]
    [InlineData("10.0.0.7:0")]
    [InlineData("10.0.0.7:65536")]
    [InlineData("other@10.0.0.7:4053")]
    [InlineData("akka.tcp://10.0.0.7:4053")]
    [InlineData("akka.tcp://zerocopy@10.0.0.7:4053/user")]
    [InlineData("http://10.0.0.7:4053")]
    public void NodeAddress_should_refuse_what_is_none(string text) => Assert.False(NodeAddress.TryParse(text, isEncrypted: false, out _));

    [Theory]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("::1", "::1")]
    [InlineData("localhost", "127.0.0.1")]
    public void NodeAddress_should_know_what_to_listen_on(string host, string address) =>
        Assert.Equal(address, NodeAddress.Resolve(host).ToString());
}
