//! The one step of a builder that uses the network.

/// `send()` and `send_with_response()`, in each mode. `$builder` has a `perform()`, which is the call itself; what is said
/// here of the two is said in each mode.
macro_rules! sends {
    (
        $operation:ident: $builder:ident -> $answer:ty;
        $(#[$send:meta])*
        send;
        $(#[$with_response:meta])*
        send_with_response;
    ) => {
        /// Sending in async code.
        impl $builder<$crate::operations::Async> {
            $(#[$send])*
            pub async fn send(self) -> Result<$answer, $crate::Error> {
                self.perform().await.map($crate::Response::into_inner)
            }

            $(#[$with_response])*
            ///
            /// # Errors
            /// As [`send`](Self::send).
            pub async fn send_with_response(
                mut self,
            ) -> Result<$crate::Response<$answer>, $crate::Error> {
                self.common.options.wants_head = true;
                self.perform().await
            }
        }

        /// Sending and waiting for the answer, for [`blocking::Client`](crate::blocking::Client) (feature `blocking`).
        #[cfg(feature = "blocking")]
        impl $builder<$crate::blocking::Blocking> {
            $(#[$send])*
            pub fn send(self) -> Result<$answer, $crate::Error> {
                self.wait().map($crate::Response::into_inner)
            }

            $(#[$with_response])*
            ///
            /// # Errors
            /// As [`send`](Self::send).
            pub fn send_with_response(
                mut self,
            ) -> Result<$crate::Response<$answer>, $crate::Error> {
                self.common.options.wants_head = true;
                self.wait()
            }

            fn wait(self) -> Result<$crate::Response<$answer>, $crate::Error> {
                let mode = self.common.mode.clone();
                mode.wait($crate::transport::Operation::$operation, self.perform())
            }
        }
    };
}

pub(super) use sends;
